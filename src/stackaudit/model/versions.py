"""Version strings as the world writes them."""

import re
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

if TYPE_CHECKING:
    from packaging.requirements import Requirement

ENDLESS = re.compile(r"[0-9]{500}")
"""No number that anybody means; Python may be told to read none of more than 640 digits."""


class _Kept(Version):
    """A version that keeps its text once it was made: of a long lock each is asked for it several times."""

    __slots__ = ("_text",)
    _text: str

    def __str__(self) -> str:
        try:
            return self._text
        except AttributeError:
            self._text = super().__str__()
            return self._text


@lru_cache(maxsize=65536)
def parse_version(text: str) -> Version | None:
    """`text` as a PEP 440 version, or None where it is not one: installed metadata holds such versions."""
    try:
        return _Kept(text)
    except ValueError:
        # InvalidVersion; or a number with more digits than Python reads.
        return None


@lru_cache(maxsize=65536)
def normal_version(text: str) -> str | None:
    """`text` as PEP 440 normalizes it (`1.0.0-RC1` is `1.0.0rc1`), or None where it is not one."""
    parsed = parse_version(text)
    return None if parsed is None else str(parsed)


@lru_cache(maxsize=8192)
def parse_specifier(text: str) -> SpecifierSet | None:
    """`text` as a PEP 440 specifier set, or None where it is not one."""
    try:
        return None if ENDLESS.search(text) else SpecifierSet(text)
    except InvalidSpecifier:
        return None


@lru_cache(maxsize=16384)
def parse_requirement(text: str) -> "Requirement | None":
    """`text` as a PEP 508 requirement, or None where it is not one: a marker that is nested too deep to be read is none."""
    # Of plain pins, as most locks and matrices hold, nothing is parsed that has a marker.
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        return None if ENDLESS.search(text) else Requirement(text)
    except (InvalidRequirement, RecursionError):
        return None


def admits(specifier: SpecifierSet, version: str) -> bool:
    """Whether `specifier` admits the installed `version`; pre-releases count, since they are there already.

    A version that is not PEP 440 is admitted by nothing but the empty specifier.
    """
    parsed = parse_version(version)
    if parsed is None:
        return not len(specifier)
    return specifier.contains(parsed, prereleases=True)


_ORDER = {">=": 0, ">": 0, "~=": 0, "==": 0, "!=": 1}


def written(specifier: SpecifierSet) -> str:
    """`>=6.4.0,<9.0.0`: `specifier` in the order in which people write bounds."""
    parts = sorted(specifier, key=lambda each: (_ORDER.get(each.operator, 2), each.version))
    return ",".join(str(each) for each in parts)


def pin_of(specifier: SpecifierSet) -> Version | None:
    """The one version that `specifier` admits by `==` (without a wildcard) or `===`, else None."""
    for each in specifier:
        if each.operator in {"==", "==="} and not each.version.endswith(".*"):
            version = parse_version(each.version)
            if version is not None and specifier.contains(version, prereleases=True):
                return version
    return None


def span_of(versions: Sequence[Version]) -> str:
    """`5.3.0 to 5.4.0`: the first and the last of `versions`, of which there is at least one."""
    return str(versions[0]) if len(versions) == 1 else f"{versions[0]} to {versions[-1]}"


def lowest(versions: str) -> Version:
    """The version that the valid specifier set `versions` begins with; 0 where it has an upper bound alone."""
    floors = [
        Version(each.version.removesuffix(".*")) for each in SpecifierSet(versions) if _ORDER.get(each.operator) == 0
    ]
    return max(floors, default=Version("0"))


def series(version: Version) -> str:
    """The `major.minor` series of `version`, such as `5.4`."""
    return f"{version.major}.{version.minor}"


THINKABLE = ".99"
"""The patch of a Python that nobody has: it stands in where none is known."""


def newest_patch(minor: str) -> Version:
    """The newest thinkable patch of Python `minor` (`3.11`): it stands in where no patch is known, since bounds name old ones."""
    return Version(f"{minor}{THINKABLE}")
