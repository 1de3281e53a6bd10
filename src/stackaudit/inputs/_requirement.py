"""Makes requirements of PEP 508 texts and of locked versions, and says in our words what is wrong with a text."""

import re
from collections.abc import Iterable
from functools import lru_cache

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from stackaudit.inputs._source import archive_version, filename_of, shown_text
from stackaudit.model.errors import Fault
from stackaudit.model.manifest import Requirement
from stackaudit.model.places import Place
from stackaudit.model.secret import redact
from stackaudit.model.versions import parse_requirement, parse_specifier, parse_version, pin_of

_NAME = re.compile(
    r"\s*(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?P<extras>\[[^\]]*\])?\s*(?P<rest>.*)", re.DOTALL
)
_PIN = re.compile(r"(?P<name>[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)==(?P<version>[0-9][0-9A-Za-z.]{0,60})")
_VALID_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
_LONE_EQUALS = re.compile(r"(?<![=<>!~])=(?!=)")


def valid_name(name: str) -> bool:
    """Whether `name` is a distribution's name by PEP 508."""
    return _VALID_NAME.fullmatch(name) is not None


def normal_extras(extras: Iterable[str]) -> tuple[str, ...]:
    """Extras as they are compared: normalized (PEP 685), sorted, each once."""
    return tuple(sorted({canonicalize_name(each) for each in extras}))


def all_of(*markers: str | None) -> str | None:
    """The marker that holds where every one of `markers` does; None stands for no marker."""
    kept = list(dict.fromkeys(each for each in markers if each))
    if len(kept) < 2:  # noqa: PLR2004 - nothing to join
        return kept[0] if kept else None
    from packaging.markers import Marker

    return str(Marker(" and ".join(f"({each})" for each in kept)))


@lru_cache(maxsize=4096)
def valid_marker(text: str) -> str | None:
    """`text` as a PEP 508 marker in its usual spelling, or None where it is none.

    A quoted value with a backslash can be read, and not be read again as it is then written: that is none either.
    """
    from packaging.markers import InvalidMarker, Marker

    try:
        usual = str(Marker(text))
        Marker(usual)
    except (InvalidMarker, RecursionError):
        return None
    return usual


def locked(  # noqa: PLR0913 - one word for each thing that a lock says of a package
    name: str,
    version: str | None,
    where: Place,
    *,
    extras: Iterable[str] = (),
    marker: str | None = None,
    source: str | None = None,
    direct: bool = True,
    needs: Iterable[tuple[str, str | None]] = (),
    private: bool = False,
) -> Requirement | Fault:
    """The requirement that a lock's entry makes: a pin where it has a version, and whatever version where it has none.

    `needs` are the names that it pulls in, each with the marker of that need; one that can't be read pulls nothing in.
    """
    if not valid_name(name):
        return Fault(where=where, message=f"`{shown_text(name)}` is not a package name")
    pin = None
    if version is not None:
        pin = parse_version(version)
        if pin is None:
            return Fault(where=where, message=f"`{shown_text(version)}` of {name} is not a version")
    if marker is not None:
        valid = valid_marker(marker)
        if valid is None:
            return Fault(where=where, message=f"the marker of {name} can't be read")
        marker = valid
    return Requirement(
        name=canonicalize_name(name),
        specifier=SpecifierSet("" if pin is None else f"=={pin}"),
        pin=pin,
        extras=normal_extras(extras),
        where=where,
        source=None if source is None else redact(source),
        direct=direct,
        private=private,
        marker=marker,
        requires=tuple(sorted({line for each in needs if (line := _need(*each)) is not None})),
    )


def _need(name: str, marker: str | None) -> str | None:
    usual = None if marker is None else valid_marker(marker)
    if not valid_name(name) or (marker is not None and usual is None):
        return None
    return canonicalize_name(name) + (f" ; {usual}" if usual else "")


def read_requirement(text: str, where: Place, *, marker: str | None = None) -> Requirement | Fault:
    """The requirement that the PEP 508 `text` makes; a `marker` beside it must hold too.

    A URL whose file name tells the version is a pin of it.
    """
    plain = plain_pin(text, where) if marker is None else None
    if plain is not None:
        return plain
    parsed = parse_requirement(text)
    if parsed is None:
        return Fault(where=where, message=wrong(text), hint=hint(text))
    own = None if parsed.marker is None else valid_marker(str(parsed.marker))
    if parsed.marker is not None and own is None:
        return Fault(where=where, message=f"the marker of {parsed.name} can't be read")
    specifier, pin = parsed.specifier, pin_of(parsed.specifier)
    if len(specifier) > 1 and pin is None and specifier.is_unsatisfiable():
        return Fault(where=where, message=f"no version of {parsed.name} can be {specifier}")
    name = canonicalize_name(parsed.name)
    if parsed.url is not None:
        told = archive_version(filename_of(parsed.url))
        if told is not None and told[0] == name:
            pin = told[1]
            specifier = SpecifierSet(f"=={pin}")
    return Requirement(
        name=name,
        specifier=specifier,
        pin=pin,
        extras=normal_extras(parsed.extras),
        where=where,
        source=None if parsed.url is None else redact(parsed.url),
        marker=all_of(own, marker),
    )


def plain_pin(text: str, where: Place) -> Requirement | None:
    """The requirement of a `text` like `celery==5.4.0`, None where it says more: most lines say just that, and a lock has thousands."""
    found = _PIN.fullmatch(text)
    if found is None:
        return None
    name, version = found.groups()
    pinned = _pinned(version)
    if pinned is None:
        return None
    return Requirement(name=canonicalize_name(name), specifier=pinned[1], pin=pinned[0], where=where)


@lru_cache(maxsize=65536)
def _pinned(version: str) -> tuple[Version, SpecifierSet] | None:
    pin, specifier = parse_version(version), parse_specifier(f"=={version}")
    return None if pin is None or specifier is None else (pin, specifier)


def wrong(text: str) -> str:
    """What is wrong with `text`, which is no PEP 508 requirement, in one sentence."""
    shown = shown_text(text)
    found = _NAME.fullmatch(text)
    if found is None:
        return f"`{shown}` does not begin with a package name"
    body, separator, marker = found["rest"].partition(";")
    if separator and valid_marker(marker) is None:
        return f"the marker `{shown_text(marker)}` can't be read"
    if body.lstrip().startswith("@"):
        return f"`{shown}` asks for a URL in a form that can't be read"
    try:
        SpecifierSet(body.strip().removeprefix("(").removesuffix(")"))
    except InvalidSpecifier:
        return f"`{shown_text(body)}` is not a version specifier for {found['name']}"
    return f"`{shown}` is not a requirement"


def hint(text: str) -> str | None:
    """What to do about `text`, which is no requirement, where that can be told."""
    body = text.partition(";")[0]
    if "://" not in body and _LONE_EQUALS.search(body):
        return "a version is pinned with `==`"
    return None
