"""Reads durations as Docker writes them."""

import re

_DURATION = re.compile(r"(?:\d+(?:\.\d+)?(?:h|ms|us|ns|µs|m|s))+")
_PART = re.compile(r"(\d+(?:\.\d+)?)(h|ms|us|ns|µs|m|s)")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}


def seconds(text: str) -> float | None:
    """The seconds of `1m30s`, `500ms` or a bare number (of seconds, to most readers); None where it is no duration."""
    text = text.strip()
    if text.replace(".", "", 1).isdecimal() and len(text) < 20:  # noqa: PLR2004 - more digits than any time has
        return float(text)
    if len(text) > 40 or not _DURATION.fullmatch(text):  # noqa: PLR2004 - the same
        return None
    return round(sum(float(number) * _SECONDS[unit] for number, unit in _PART.findall(text)), 9)
