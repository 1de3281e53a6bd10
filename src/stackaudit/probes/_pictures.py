"""Reads the width and height of a picture from its first bytes, trusting no program."""

import re

_SIZES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
"""The JPEG markers that begin a frame, and with it say its size (ITU T.81, table B.1)."""
_STANDALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_PPM = re.compile(rb"P6\s(\d{1,6})\s(\d{1,6})\s255\s")


def jpeg_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of the JPEG picture that `data` holds whole, or None where it is none or was cut off. Never raises."""
    if not data.startswith(b"\xff\xd8\xff") or b"\xff\xd9" not in data[-2048:]:
        return None
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:  # noqa: PLR2004 - every marker begins with FF
        marker = data[at + 1]
        if marker in _SIZES:
            height, width = int.from_bytes(data[at + 5 : at + 7]), int.from_bytes(data[at + 7 : at + 9])
            return (width, height) if width and height else None
        # A filler byte, a marker without a length, or a segment with one (which counts its own two bytes).
        at += 1 if marker == 0xFF else 2 if marker in _STANDALONE else 2 + int.from_bytes(data[at + 2 : at + 4])  # noqa: PLR2004
    return None


def ppm_size(data: bytes) -> tuple[int, int] | None:
    """Width and height of the binary PPM picture that `data` holds whole (8 bits a colour), or None where it is none. Never raises."""
    head = _PPM.match(data)
    if head is None:
        return None
    width, height = int(head[1]), int(head[2])
    return (width, height) if width and height and len(data) >= head.end() + 3 * width * height else None
