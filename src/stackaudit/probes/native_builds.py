"""Looks at what each installed wheel was built for, and whether the target's Python takes it: the part of pip check that reads files."""

import platform
import sys
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from packaging.utils import canonicalize_name

from stackaudit.model.facts.environment import Build, Distribution, InterpreterFact
from stackaudit.model.parts import Probe, Visit
from stackaudit.model.snapshot import Evidence, Look, Unseen

_ANYWHERE = frozenset({"py3-none-any", "py2.py3-none-any"})
"""Tags that every Python 3 takes."""

_MOST = 64 * 1024
"""Bytes of a WHEEL file; it has a few lines."""


def collect(visit: Visit) -> Sequence[Look]:
    """One fact for each installed wheel; what was not installed from a wheel has no tags, and pip passes it over too."""
    target = next(iter(visit.facts(InterpreterFact)), None)
    if target is None:
        return []
    asked = f"what the packages of {target.path} are built for"
    evidence = Evidence(tool="packaging")
    try:
        found = list(_wheels(visit.facts(Distribution)))
    except OSError:
        return [Look(probe="", asked=asked, evidence=evidence, unseen=_unseen("a WHEEL file can't be read"))]
    special = [each for each in found if not _ANYWHERE.intersection(each[1])]
    cause = _foreign(target) if special else None
    if cause is not None:
        return [Look(probe="", asked=asked, evidence=evidence, unseen=_unseen(cause))]
    taken = _taken(target) if special else frozenset()
    facts = tuple(
        Build(name=each.name, version=each.version, tags=tags, fits=_fits(tags, taken)) for each, tags in found
    )
    return [Look(probe="", asked=asked, evidence=evidence, facts=facts)]


def _wheels(distributions: Iterable[Distribution]) -> Iterator[tuple[Distribution, tuple[str, ...]]]:
    """The distributions with a WHEEL file, and the tags in it."""
    entries: dict[str, dict[str, list[str]]] = {}
    for each in distributions:
        if each.location not in entries:
            entries[each.location] = _entries(Path(each.location))
        names = entries[each.location].get(each.name, [])
        # A folder may spell the version in another way; that matters only where a name has several.
        for name in [name for name in names if name.endswith(f"-{each.version}.dist-info")] or names[:1]:
            try:
                with Path(each.location, name, "WHEEL").open("rb") as stream:
                    text = stream.read(_MOST).decode("utf-8", "replace")
            except FileNotFoundError:
                continue
            yield each, tuple(sorted(_tags(text)))


def _entries(location: Path) -> dict[str, list[str]]:
    """The metadata folders of wheels in `location`, by the distribution's name."""
    found: dict[str, list[str]] = {}
    for entry in sorted(location.iterdir()) if location.is_dir() else ():
        if entry.suffix == ".dist-info":
            found.setdefault(canonicalize_name(entry.stem.rpartition("-")[0]), []).append(entry.name)
    return found


def _tags(text: str) -> Iterator[str]:
    for line in text.partition("\n\n")[0].splitlines():
        name, colon, value = line.partition(":")
        if colon and name.strip().lower() == "tag":
            yield value.strip()


def _foreign(target: InterpreterFact) -> str | None:
    """Why what `target` takes can't be told from here; None where it can."""
    if target.implementation != "CPython" or any("t/" in f"{each}/" for each in _folders(target)):
        return f"what {target.implementation} {target.version} takes is known to its own pip alone"
    if target.platform != f"{sys.platform}-{platform.machine()}":
        return f"it is a Python for {target.platform}, and this is {sys.platform}-{platform.machine()}"
    return None


def _folders(target: InterpreterFact) -> Iterator[str]:
    """The folders called for the version of Python, such as `python3.13t` of a free-threaded one."""
    return (part for each in target.site_packages for part in Path(each).parts if part.startswith("python3."))


def _taken(target: InterpreterFact) -> frozenset[str]:
    """The tags that `target` takes, a CPython of this machine."""
    from packaging.tags import compatible_tags, cpython_tags, platform_tags

    major, minor = (int(part) for part in target.version.split(".")[:2])
    platforms = list(platform_tags())
    own = cpython_tags((major, minor), platforms=platforms)
    general = compatible_tags((major, minor), f"cp{major}{minor}", platforms)
    return frozenset(str(each) for tags in (own, general) for each in tags)


def _fits(tags: Sequence[str], taken: frozenset[str]) -> bool:
    """As pip check reads it: one of them is enough, and none is none."""
    from packaging.tags import InvalidTag, parse_tag

    if _ANYWHERE.intersection(tags):
        return True
    try:
        return any(str(one) in taken for each in tags for one in parse_tag(each))
    except InvalidTag:
        return False


def _unseen(cause: str) -> Unseen:
    return Unseen(
        subject="", yields=(Build.__name__,), cause=cause, remedy="let pip check tell it: leave out `--engine native`"
    )


PROBE = Probe(
    name="native_builds",
    title="wheel tags",
    reads=(InterpreterFact, Distribution),
    yields=(Build,),
    collect=collect,
    serves=lambda manifest: manifest.native,
)
