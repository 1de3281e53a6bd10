"""Judges: each file holds a check and its rules, found by `stackaudit.sockets`; pure."""
