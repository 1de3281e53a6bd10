"""Which packages public sources are asked about: what is installed, or with no environment what is pinned."""

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import NamedTuple

from packaging.utils import NormalizedName, canonicalize_name

from stackaudit.model.facts.environment import Distribution, InterpreterFact
from stackaudit.model.manifest import Requirement
from stackaudit.model.markers import applying
from stackaudit.model.parts import Visit
from stackaudit.model.snapshot import Unseen

REMEDY = "follow its releases and its advisories where it comes from"


class Wanted(NamedTuple):
    """One package version to ask about. `elsewhere` says why no public source can know it, None where one can."""

    name: NormalizedName
    version: str
    elsewhere: str | None = None

    @property
    def subject(self) -> str:
        """`name==version`."""
        return f"{self.name}=={self.version}"


def elsewhere(visit: Visit) -> Callable[[str], str | None]:
    """Says of a package (by its normalized name) why no public source can know it, None where nothing declared says so."""
    private = {each.name for each in _declared(visit) if each.source is not None}
    said = "its requirement says that it comes from elsewhere than the public index"
    configured = tuple(canonicalize_name(each) for each in visit.manifest.texts("private"))

    def why(name: str) -> str | None:
        if configured and any(fnmatchcase(name, each) for each in configured):
            return "the setting `private` names it"
        return said if name in private else None

    return why


def _declared(visit: Visit) -> tuple[Requirement, ...]:
    return applying(visit.manifest, next(iter(visit.facts(InterpreterFact)), None))


def wanted_packages(visit: Visit) -> tuple[Wanted, ...]:
    """The installed distributions, or with no environment the pins that are for the target; sorted by name and version."""
    why_not = elsewhere(visit)
    # A document is held against public sources at its own versions, whatever is installed here.
    if visit.manifest.interpreter is None or visit.manifest.claims:
        # Most files are in order: a set would not be, and take as long to sort as all the rest of this.
        pins = dict.fromkeys((each.name, str(each.pin)) for each in _declared(visit) if each.pin is not None)
        return tuple([Wanted(name, version, why_not(name)) for name, version in sorted(pins)])
    wanted: dict[tuple[str, str], Wanted] = {}
    for each in visit.facts(Distribution):
        why = why_not(each.name)
        if each.editable or each.url is not None:
            why = f"it was installed {'in editable form' if each.editable else 'from a URL or a path'}"
        wanted[each.name, each.version] = Wanted(name=each.name, version=each.version, elsewhere=why)
    return tuple(wanted[key] for key in sorted(wanted))


def uncheckable(subject: str, yields: tuple[str, ...], why: str) -> Unseen:
    """That no public source can tell of `subject`; worded alike for all that ask one, so that it is told once."""
    cause = f"no public source can know it: {why}"
    return Unseen(subject=subject, yields=yields, cause=cause, remedy=REMEDY, knowable=False)
