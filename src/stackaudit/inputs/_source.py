"""Where a package comes from: URLs and paths as they may be shown, and what their file names tell."""

from collections.abc import Iterable
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from packaging.utils import (
    NormalizedName,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version


def other_indexes(indexes: Iterable[str | None]) -> frozenset[str]:
    """Of the indexes that one lock names those besides the public one, where that is among them.

    Where it is not, each may be a mirror of it: nobody can tell from the address.
    """
    named = frozenset(each for each in indexes if each)
    if len(named) < 2:  # noqa: PLR2004 - the only one
        return frozenset()
    # Imported where it is needed: pip's own word for it is asked, and few locks name two.
    from stackaudit.outside.index_settings import default_index

    public = (default_index() or "").rstrip("/")
    others = frozenset(each for each in named if each.rstrip("/") != public)
    return others if others != named else frozenset()


def shown_text(text: str) -> str:
    """A wrong text as a message may quote it: short, and without any URL, which may hold a password."""
    before, separator, _ = text.strip().partition("://")
    short = f"{before}://…" if separator else before
    return short if len(short) <= 80 else f"{short[:79]}…"  # noqa: PLR2004 - the width of a terminal


def path_of(url: str) -> str | None:
    """The path of a URL, or a path as it is, without query and fragment; None where the text is no URL after all."""
    try:
        return unquote(urlsplit(url).path)
    except ValueError:
        return None


def filename_of(url: str) -> str:
    """The file's name in a URL or path; empty where there is none."""
    return PurePosixPath(path_of(url) or "").name


def archive_version(filename: str) -> tuple[NormalizedName, Version] | None:
    """The name and version that a wheel's or source archive's file name tells, or None."""
    try:
        if filename.endswith(".whl"):
            name, version, _, _ = parse_wheel_filename(filename)
            return name, version
        return parse_sdist_filename(filename)
    except ValueError:
        # Both kinds of invalid names, and a number with more digits than Python reads.
        return None
