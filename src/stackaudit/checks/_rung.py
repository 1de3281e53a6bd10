"""Finds how strong the evidence for the combination of a case is: what was proved of exactly it, else what its ranges stand on."""

import re
from collections.abc import Callable, Iterator

from stackaudit.checks._stack import row
from stackaudit.model.audit import Case
from stackaudit.model.facts.services import Pulse
from stackaudit.model.facts.workers import Worker
from stackaudit.model.matrix import Proof, Rung
from stackaudit.model.values import dataclass
from stackaudit.model.versions import parse_version

_SERVER = re.compile(r"(redis|valkey)-server ([0-9][0-9.]*)")
_DRILLED = "prefork"
"""The pool that rows are certified with."""
_UNASKED = ("hiredis", "librabbitmq")
"""Packages that the stack's code uses wherever they are installed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A proof of the case's versions, and the rung that it holds up `here`; None where it is of another platform or Python altogether.

    `but` are the reasons why that is less than what was proved.
    """

    proof: Proof
    here: Rung | None
    but: tuple[str, ...] = ()

    @property
    def strength(self) -> tuple[bool, int, int, float]:
        """What it is better by than another."""
        rank = self.here.rank if self.here is not None else 0
        return self.here is not None, rank, self.proof.rung.rank, self.proof.at.timestamp()


def held_here(case: Case) -> Held | None:
    """The proof of all the stack's packages at their versions on this Python that holds most here, or None."""
    here = row(case)
    found = case.proofs_on(here.minor) if here is not None else ()
    return max((_held(case, each) for each in found), key=lambda each: each.strength, default=None)


def _held(case: Case, proof: Proof) -> Held:
    other = tuple(_elsewhere(case, proof))
    if other:
        return Held(proof=proof, here=None, but=other)
    unlike = tuple(_unlike(case, proof)) if proof.rung.rank > Rung.IMPORTED.rank else ()
    return Held(proof=proof, here=Rung.IMPORTED if unlike else proof.rung, but=unlike)


def _elsewhere(case: Case, proof: Proof) -> Iterator[str]:
    """What the target is that the machine of `proof` was not: nothing was even installed there for it."""
    target = case.interpreter
    if target is None:
        return
    if machine_of(target.platform) != machine_of(proof.platform):
        yield f"this is {target.platform}"
    if target.implementation.casefold() != "cpython":
        yield f"this is {target.implementation}"


def machine_of(platform: str) -> tuple[str, str]:
    """`("darwin", "arm64")` of `macosx-14.0-arm64` and of `darwin-arm64`; the release of the system does not count."""
    system, _, machine = platform.partition("-")
    return {"macosx": "darwin"}.get(system, system), machine.rpartition("-")[2]


def _unlike(case: Case, proof: Proof) -> Iterator[str]:
    """What runs in the stack that did not run where `proof` was made, as far as it was seen."""
    server = _SERVER.search(proof.by)
    for pulse in case.facts(Pulse):
        version = parse_version(pulse.version) if pulse.version else None
        if pulse.product is None or version is None or "broker" not in pulse.roles:
            continue
        if server is None or server[1] != pulse.product or server[2].partition(".")[0] != str(version.major):
            yield f"the broker is {pulse.product} {pulse.version}"
    pools = sorted({each.pool for each in case.facts(Worker) if each.pool is not None} - {_DRILLED})
    yield from (f"a worker has the pool {each}" for each in pools)
    proved = {str(name) for name, _ in proof.packages}
    yield from (
        f"{each.name} is there too" for each in case.packages() if each.name in _UNASKED and each.name not in proved
    )


def rungs(case: Case) -> Callable[[str], Rung | None]:
    """How strong the evidence behind a pass of a subject is, by subject; None where there is no matrix."""
    matrix, held = case.matrix, held_here(case)

    def rung(subject: str) -> Rung | None:
        if matrix is None or (held is not None and held.here is not None):
            return held.here if held is not None else None
        entry = matrix.package(subject.partition("==")[0])
        return entry.rung if entry is not None else matrix.rung

    return rung


def rung_told(case: Case) -> str:
    """`resolved (2026-11-22, uv 0.13.9)`; where a proof holds less here, what holds, the proof, and why."""
    held = held_here(case)
    weak = str(case.matrix.rung) if case.matrix is not None else ""
    if held is None:
        return weak
    told = held.proof.told(case.interpreter.platform if case.interpreter is not None else None)
    if not held.but:
        return told
    return f"{held.here or weak}, not {told}: {' and '.join(dict.fromkeys(held.but))}"
