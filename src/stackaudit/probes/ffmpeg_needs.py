"""Looks whether ffmpeg has what the project says it needs: it is asked, and never concluded from its version."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from stackaudit.model.deadline import Deadline
from stackaudit.model.facts.programs import Need, Program, ProgramState
from stackaudit.model.needs import needed
from stackaudit.model.parts import Probe, Visit
from stackaudit.model.snapshot import Evidence, Look, Unseen
from stackaudit.outside.process import Ending
from stackaudit.probes import _banner
from stackaudit.probes._program import ask, cut_short

LISTS: Mapping[str, tuple[tuple[str, ...], Callable[[str], frozenset[str]]]] = {
    "encoder": (("-encoders",), _banner.parse_encoders),
    "decoder": (("-decoders",), _banner.parse_decoders),
    "filter": (("-filters",), _banner.parse_filters),
    "protocol": (("-protocols",), _banner.parse_protocols),
    "option": (("-h", "full"), _banner.parse_options),
}
"""How ffmpeg is asked what it has of each kind, and who reads the answer."""


def collect(visit: Visit) -> Sequence[Look]:
    """One look for each kind that is needed."""
    program = next((each for each in visit.facts(Program) if each.name == "ffmpeg"), None)
    needs = needed(visit.manifest)
    if program is None or not needs:
        return []
    if program.state is not ProgramState.WORKS or program.path is None:
        return [_unseen("ffmpeg", Evidence(tool="ffmpeg"), program.unasked, "make ffmpeg work first")]
    return list(_looks(program.path, needs, visit.deadline))


def _looks(path: str, needs: Sequence[tuple[str, str]], deadline: Deadline) -> Iterator[Look]:
    for kind in sorted({kind for kind, _ in needs}):
        words, parse = LISTS[kind]
        command = (path, "-hide_banner", *words)
        answer = ask(command, deadline)
        found = parse(answer.text)
        evidence = Evidence(tool="ffmpeg", command=command, exit_status=answer.exit_status)
        asked = f"which {kind}s it has"
        if answer.ending is not Ending.EXITED or answer.exit_status != 0 or not found:
            late = cut_short(answer)
            cause = f"{path} did not list its {kind}s{' before the time for the audit was up' if late else ''}"
            remedy = "give it more time with --timeout SECONDS" if late else f"run `{' '.join(command)}` by hand"
            yield _unseen(asked, evidence, cause, remedy)
            continue
        facts = tuple(Need(kind=kind, name=name, met=name in found) for each, name in needs if each == kind)
        yield Look(probe="ffmpeg_needs", asked=asked, evidence=evidence, facts=facts)


def _unseen(asked: str, evidence: Evidence, cause: str, remedy: str) -> Look:
    unseen = Unseen(subject="", yields=(Need.__name__,), cause=cause, remedy=remedy)
    return Look(probe="ffmpeg_needs", asked=asked, evidence=evidence, unseen=unseen)


PROBE = Probe(name="ffmpeg_needs", title="ffmpeg's abilities", reads=(Program,), yields=(Need,), collect=collect)
