"""Knows advisories: the OSV client and the loopback service that pip-audit is pointed at."""
