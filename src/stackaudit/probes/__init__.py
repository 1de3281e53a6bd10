"""Looks at the world: each file holds one probe, found by `stackaudit.sockets`."""
