"""Judges: each file holds a check and its rules, found by `stackaudit.sockets`; pure."""

CODES = {
    "admission": "MX",
    "bounds": "MX",
    "builds": "DC",
    "celery": "CE",
    "combinations": "MX",
    "conflicts": "DC",
    "document": "DO",
    "drift": "MX",
    "drills": "DR",
    "environment": "EN",
    "ffmpeg": "FF",
    "fleet": "FL",
    "fresh": "MX",
    "matrix": "MX",
    "owners": "DC",
    "pythons": "MX",
    "redis": "RD",
    "releases": "RE",
    "round": "CE",
    "rows": "DR",
    "trials": "DR",
    "unaudited": "VU",
    "vulnerabilities": "VU",
}
"""By the first word of a file's name, what the codes of its check and its rules begin with: an audit loads those that it asks.

A file whose first word is not here is always loaded. The tests hold this against the files.
"""
