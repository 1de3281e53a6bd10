"""Looks for known vulnerabilities: feeds the real pip-audit from an advisory source and counts what it really audited."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from packaging.utils import is_normalized_name

from stackaudit.advisories.consultation import UNFED, Consultation
from stackaudit.advisories.records import Pin
from stackaudit.advisories.sources import Kind, Source, chosen
from stackaudit.model.deadline import Deadline
from stackaudit.model.facts.advised import AdvisoryCopy, Audited, FreshAudited
from stackaudit.model.facts.environment import Distribution, InterpreterFact
from stackaudit.model.markers import applying
from stackaudit.model.parts import Probe, Visit
from stackaudit.model.snapshot import Evidence, Look, Unseen
from stackaudit.model.versions import normal_version
from stackaudit.probes._telling import before
from stackaudit.probes._wanted import Wanted, elsewhere, uncheckable, wanted_packages

Consult: TypeAlias = Callable[[Source, Sequence[Pin], Deadline, Deadline], Consultation]
"""Asks a source about pins until a first deadline, and is done with the answer by a second."""

_YIELDS = (Audited.__name__,)
_SYNC = "make the mirror anew with `stackaudit advisories sync`, or name another source with --advisories"
_AGAIN = "try again, give it more time with --timeout SECONDS, or name another source with --advisories"
_NO_VERSION = "its version does not follow PEP 440: no source can be asked about it"
_ANOTHER = "install a release whose version follows PEP 440"
_LOOPBACK = (
    "bring the loopback interface up (`ip link set lo up`), or have it answered in this process: --engine native"
)
_NAME = "give --advisories a folder or a zip of OSV records, the URL of an OSV service, or one of: auto, osv, pypi"


@dataclass(slots=True)
class Asked:
    """What is to be audited: pins with the subjects they stand for, and what no source can be asked about.

    `kind` are the facts that the answers become, `probe` is who asks.
    """

    probe: str
    kind: type[Audited | FreshAudited]
    pins: dict[Pin, list[Wanted]] = field(default_factory=dict)
    blind: list[Unseen] = field(default_factory=list)

    def add(self, wanted: Wanted) -> None:
        """Ask about `wanted`, or say why no source can be."""
        version = normal_version(wanted.version)
        if wanted.elsewhere is not None:
            self.blind.append(uncheckable(wanted.subject, (self.kind.__name__,), wanted.elsewhere))
        elif not is_normalized_name(wanted.name):
            self.blind.append(
                self.unseen(wanted.subject, "its name is none that a package can have", "install it again")
            )
        elif version is None:
            self.blind.append(self.unseen(wanted.subject, _NO_VERSION, _ANOTHER))
        else:
            self.pins.setdefault(Pin(wanted.name, version), []).append(wanted)

    def unseen(self, subject: str, cause: str, remedy: str) -> Unseen:
        """That no source said anything of `subject`, though one could."""
        return Unseen(subject=subject, yields=(self.kind.__name__,), cause=cause, remedy=remedy)


def collect(visit: Visit) -> Sequence[Look]:
    """What sources of advisories and the real pip-audit say."""
    from stackaudit.advisories.consult import consult

    return audited(visit, consult, "pip-audit")


def audited(visit: Visit, consult: Consult, tool: str) -> Sequence[Look]:
    """What the sources say of what is installed or pinned, as `answers` has it; `tool` is who asks."""
    if not chosen(visit.manifest):
        return []
    asked = _asked(visit)
    if not asked.pins:
        cause = "none of its packages is one that a public source can know" if asked.blind else "there is none"
        nothing = asked.unseen(
            "", f"there is no package to audit: {cause}", "audit an environment or pins: --python, -r"
        )
        asked.blind.append(nothing)
    return answers(visit, asked, consult, tool)


def answers(visit: Visit, asked: Asked, consult: Consult, tool: str) -> Sequence[Look]:
    """One look a source that was asked, and one for each package of which no source said anything; `tool` is who asks."""
    from stackaudit.advisories.mirror import MirrorError, located

    if not asked.pins:
        return list(_looks(tool, asked, asked.blind))
    sources, whole = chosen(visit.manifest), before(visit.deadline)
    consulted: list[Consultation] = []
    left = list(asked.pins)
    for source in sources:
        others = len(sources) - len(consulted) - 1
        # pip-audit needs time of its own, and so does the next source, where there is one.
        asking = whole.within(min(10.0, 0.4 * whole.remaining()) if others else 0.7 * whole.remaining())
        speaking = whole.within(0.8 * whole.remaining()) if others else whole
        try:
            result = consult(located(source), left, asking, speaking)
        except MirrorError as error:
            failed = dict.fromkeys(left, str(error))
            result = Consultation(source=source, evidence=Evidence(tool=source.name), failed=failed)
        consulted.append(result)
        left = [pin for pin in left if pin not in result.audited]
        if not left:
            break
    looks = [_told(each, asked) for each in consulted]
    return [*looks, *_looks(tool, asked, [*asked.blind, *_missing(consulted, left, asked)])]


def _told(result: Consultation, asked: Asked) -> Look:
    count = len(result.audited) + len(result.failed)
    trouble = f"; {result.cause}" if result.cause else ""
    copy = f" (sha256 {result.copy[:16]})" if result.copy else ""
    service = result.service
    facts = [
        asked.kind(name=each.name, version=each.version, service=service, advisories=result.audited[pin])
        for pin in sorted(result.audited)
        for each in asked.pins[pin]
    ]
    return Look(
        probe=asked.probe,
        asked=f"{result.source.name}{copy}: {len(result.audited)} of {count} packages audited{trouble}",
        evidence=result.evidence,
        yields=_looked_for(asked),
        facts=(*facts, *_copy(result)),
        measured=tuple(sorted(result.measured.items())),
    )


def _copy(result: Consultation) -> Iterator[AdvisoryCopy]:
    """The copy on this machine that answered, where one did."""
    if result.source.kind is Kind.LOCAL and result.copy is not None and result.audited:
        name = result.source.name.removeprefix("the ")
        yield AdvisoryCopy(name=name, as_of=result.as_of, sha256=result.copy)


def _missing(consulted: Sequence[Consultation], left: Sequence[Pin], asked: Asked) -> Iterator[Unseen]:
    local = all(each.source.kind is Kind.LOCAL for each in consulted)
    last = consulted[-1]
    remedy = _LOOPBACK if last.cause == UNFED else _AGAIN if not local else _SYNC if last.source.mirror else _NAME
    if len(left) == len(asked.pins):
        causes = "; ".join(f"{each.source.name}: {each.cause}" for each in consulted)
        # Without a number: what is installed and what a fresh install brings are blinded by one cause, told once.
        yield asked.unseen("", f"the advisory service audited none of the packages: {causes}", remedy)
        return
    for pin in left:
        causes = "; ".join(f"{each.source.name}: {each.failed[pin]}" for each in consulted if pin in each.failed)
        yield from (asked.unseen(wanted.subject, causes, remedy) for wanted in asked.pins[pin])
    for each in consulted:
        for pin, cause in each.doubtful.items():
            yield from (asked.unseen(wanted.subject, cause, remedy) for wanted in asked.pins[pin])


def _asked(visit: Visit) -> Asked:
    asked = Asked(probe="pip_audit", kind=Audited)
    for each in wanted_packages(visit):
        asked.add(each)
    if visit.manifest.interpreter is None:
        asked.blind += _open_lines(visit)
    return asked


def _open_lines(visit: Visit) -> Iterator[Unseen]:
    """What lines ask for without saying which version: with no environment, nobody knows what would be installed."""
    for place in visit.manifest.unnamed:
        yield uncheckable(str(place), _YIELDS, "the line names no package")
    why_not = elsewhere(visit)
    requirements = applying(visit.manifest, None)
    pinned = {each.name for each in requirements if each.pin is not None}
    literal = {each.name for each in requirements if each.pin is None and "===" in str(each.specifier)}
    for name in sorted({each.name for each in requirements} - pinned):
        why = why_not(name)
        if why is not None:
            yield uncheckable(name, _YIELDS, why)
        elif name in literal:
            yield Unseen(subject=name, yields=_YIELDS, cause=_NO_VERSION, remedy=_ANOTHER)
        else:
            cause = "it is not pinned: which version would be installed is not known"
            remedy = "pin it, or audit the environment that it is installed in: --python PATH"
            yield Unseen(subject=name, yields=_YIELDS, cause=cause, remedy=remedy, knowable=False)


def _looks(tool: str, asked: Asked, blind: Iterable[Unseen]) -> Iterator[Look]:
    for unseen in blind:
        about, yields = unseen.subject or "known vulnerabilities", _looked_for(asked)
        yield Look(probe=asked.probe, asked=about, evidence=Evidence(tool=tool), yields=yields, unseen=unseen)


def _looked_for(asked: Asked) -> tuple[str, ...]:
    return (asked.kind.__name__, AdvisoryCopy.__name__)


PROBE = Probe(
    name="pip_audit",
    title="vulnerabilities",
    reads=(InterpreterFact, Distribution),
    yields=(Audited, AdvisoryCopy),
    collect=collect,
    child=True,
    serves=lambda manifest: not manifest.native,
)
