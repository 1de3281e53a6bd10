"""Looks for known vulnerabilities: feeds the real pip-audit from an advisory source and counts what it really audited."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from packaging.utils import NormalizedName, is_normalized_name

from stackaudit.advisories.records import Pin
from stackaudit.advisories.sources import chosen
from stackaudit.model.facts import Audited, Distribution, InterpreterFact
from stackaudit.model.manifest import Manifest
from stackaudit.model.markers import applying
from stackaudit.model.parts import Probe, Visit
from stackaudit.model.snapshot import Evidence, Look, Unseen
from stackaudit.model.versions import parse_version
from stackaudit.probes._telling import before

if TYPE_CHECKING:
    from stackaudit.advisories.consult import Consultation

_YIELDS = (Audited.__name__,)
_REMEDY = "try again, give it more time with --timeout SECONDS, or name another source with --advisories"


@dataclass(slots=True)
class _Wanted:
    """What is to be audited: pins with the subjects they stand for, and what no source can be asked about."""

    pins: dict[Pin, list[tuple[NormalizedName, str]]] = field(default_factory=dict)
    blind: list[Unseen] = field(default_factory=list)

    def add(self, name: NormalizedName, version: str) -> None:
        parsed = parse_version(version)
        subject = f"{name}=={version}"
        if not is_normalized_name(name):
            self.blind.append(_unseen(subject, "its name is none that a package can have", "install it again"))
        elif parsed is None:
            cause = "its version is not one that pip-audit can ask about (PEP 440)"
            self.blind.append(_unseen(subject, cause, "install a release whose version follows PEP 440"))
        else:
            subjects = self.pins.setdefault(Pin(name=name, version=str(parsed)), [])
            if (name, version) not in subjects:
                subjects.append((name, version))

    def add_uncheckable(self, subject: str, cause: str) -> None:
        remedy = "look into its own advisories, or install a release from the public index"
        unseen = Unseen(subject=subject, yields=_YIELDS, cause=cause, remedy=remedy, knowable=False)
        if unseen not in self.blind:
            self.blind.append(unseen)


def collect(visit: Visit) -> Sequence[Look]:
    """One look a source that was asked, and one for each package of which no source said anything."""
    from stackaudit.advisories.consult import consult

    sources = chosen(visit.manifest)
    if not sources:
        return []
    wanted = _installed(visit) if visit.manifest.interpreter is not None else _pinned(visit.manifest)
    if not wanted.pins:
        cause = "none of its packages is one that a public source can know" if wanted.blind else "there is none"
        nothing = _unseen("", f"there is no package to audit: {cause}", "audit an environment or pins: --python, -r")
        return list(_looks([*wanted.blind, nothing]))
    whole = before(visit.deadline)
    consulted: list[Consultation] = []
    left = list(wanted.pins)
    for source in sources:
        others = len(sources) - len(consulted) - 1
        # pip-audit needs time of its own, and so does the next source, where there is one.
        asking = whole.within(min(10.0, 0.4 * whole.remaining()) if others else 0.7 * whole.remaining())
        result = consult(source, left, asking, whole)
        consulted.append(result)
        left = [pin for pin in left if pin not in result.audited]
        if not left:
            break
    looks = [_told(each, wanted) for each in consulted]
    return [*looks, *_looks([*wanted.blind, *_missing(consulted, left, wanted)])]


def _told(result: "Consultation", wanted: _Wanted) -> Look:
    asked = len(result.audited) + len(result.failed)
    trouble = f"; {result.cause}" if result.cause else ""
    copy = f" (sha256 {result.copy[:16]})" if result.copy else ""
    return Look(
        probe="pip_audit",
        asked=f"{result.source.name}{copy}: {len(result.audited)} of {asked} packages audited{trouble}",
        evidence=result.evidence,
        yields=_YIELDS,
        facts=tuple(
            Audited(name=name, version=version, service=result.source.name, advisories=advisories)
            for pin, advisories in sorted(result.audited.items(), key=lambda each: (each[0].name, each[0].version))
            for name, version in wanted.pins[pin]
        ),
        measured=tuple(sorted(result.measured.items())),
    )


def _missing(consulted: "Sequence[Consultation]", left: Sequence[Pin], wanted: _Wanted) -> Iterator[Unseen]:
    if len(left) == len(wanted.pins):
        causes = "; ".join(f"{each.source.name}: {each.cause}" for each in consulted)
        yield _unseen("", f"the advisory service audited 0 of {len(left)} packages: {causes}", _REMEDY)
        return
    for pin in left:
        causes = "; ".join(f"{each.source.name}: {each.failed[pin]}" for each in consulted if pin in each.failed)
        yield from (_unseen(f"{name}=={version}", causes, _REMEDY) for name, version in wanted.pins[pin])
    for each in consulted:
        for pin, cause in each.doubtful.items():
            yield from (_unseen(f"{name}=={version}", cause, _REMEDY) for name, version in wanted.pins[pin])


def _installed(visit: Visit) -> _Wanted:
    wanted = _Wanted()
    private = {each.name for each in visit.manifest.requirements if each.private}
    for each in sorted(visit.facts(Distribution), key=lambda each: (each.name, each.version)):
        if each.editable or each.url is not None:
            how = "in editable form" if each.editable else "from a URL or path"
            wanted.add_uncheckable(each.subject, f"installed {how}: no public source knows it")
        elif each.name in private:
            wanted.add_uncheckable(each.subject, "from a private index: no public source knows it")
        else:
            wanted.add(each.name, each.version)
    return wanted


def _pinned(manifest: Manifest) -> _Wanted:
    wanted = _Wanted()
    requirements = applying(manifest, None)
    for place in manifest.unnamed:
        wanted.add_uncheckable(str(place), "the line names no package: no source can be asked about it")
    pinned = {each.name for each in requirements if each.pin is not None}
    for each in requirements:
        subject = each.name if each.pin is None else f"{each.name}=={each.pin}"
        if each.pin is None and each.name in pinned:
            continue
        if each.source is not None or each.private:
            wanted.add_uncheckable(subject, "not from the public index: no public source knows it")
        elif each.pin is None:
            wanted.add_uncheckable(subject, "not pinned: which version would be installed is not known")
        else:
            wanted.add(each.name, str(each.pin))
    return wanted


def _unseen(subject: str, cause: str, remedy: str) -> Unseen:
    return Unseen(subject=subject, yields=_YIELDS, cause=cause, remedy=remedy)


def _looks(blind: Iterable[Unseen]) -> Iterator[Look]:
    for unseen in blind:
        asked = unseen.subject or "known vulnerabilities"
        yield Look(probe="pip_audit", asked=asked, evidence=Evidence(tool="pip-audit"), yields=_YIELDS, unseen=unseen)


PROBE = Probe(
    name="pip_audit",
    title="vulnerabilities",
    reads=(InterpreterFact, Distribution),
    yields=(Audited,),
    collect=collect,
    child=True,
)
