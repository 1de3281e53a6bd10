"""Compares what two audits saw: services, workers, programs, variables, what the index says, and who was asked."""

from collections.abc import Iterator, Mapping, Sequence

from stackaudit.gate.held import Held, Sight
from stackaudit.model.differences import Difference, Section
from stackaudit.model.facts.advised import AdvisoryCopy, Answered
from stackaudit.model.facts.deployment import Account, Variable
from stackaudit.model.facts.environment import Distribution, InterpreterFact
from stackaudit.model.facts.fact import Fact
from stackaudit.model.facts.programs import Copy, MediaTrial, Need, Program
from stackaudit.model.facts.published import Release, Resolution
from stackaudit.model.facts.round_trips import RoundTrip
from stackaudit.model.facts.services import Crowd, Door, Durability, Exposure, Idleness, Pulse
from stackaudit.model.facts.workers import Broadcast, Worker
from stackaudit.model.findings import Lane
from stackaudit.model.secret import redact
from stackaudit.model.wire import Json, encode

OF_REDIS = (Crowd, Door, Durability, Exposure, Idleness, Pulse)
OF_THE_STACK = (Account, Broadcast, Copy, MediaTrial, Need, Program, *OF_REDIS, RoundTrip, Variable, Worker)
"""What runs, and where: told where one audit alone saw it too."""

OF_THE_WORLD = (AdvisoryCopy, Release)
"""What somebody else publishes."""

TOLD_ELSEWHERE = (Answered, Distribution, InterpreterFact, Resolution)

BRIEF = (
    "state",
    "ok",
    "detail",
    "version",
    "owner",
    "answered",
    "celery",
    "python",
    "replies",
    "problem",
    "readers",
    "uid",
    "met",
    "sent",
    "back",
)
"""The fields that are told of a fact that one audit alone saw."""

MOST = 6
"""How many values of one list are named before they are only counted."""

_Facts = Mapping[tuple[str, str], Sequence[Fact]]


def observed(old: Held, new: Held) -> Iterator[Difference]:
    """Facts about the same that are not the same, by the fields that differ; of the stack those too that one audit alone saw."""
    before, after = _facts(old), _facts(new)
    then, now = Sight(old), Sight(new)
    for key in sorted(before.keys() | after.keys()):
        kind, subject = key
        was, is_ = before.get(key, ()), after.get(key, ())
        fact = (*was, *is_)[0]
        if set(was) == set(is_) or not ((was and is_) or isinstance(fact, OF_THE_STACK)):
            continue
        seen = then.sees(kind, subject) if not was else is_ != () or now.sees(kind, subject)
        fields = _fields(was), _fields(is_)
        differing = _differing(*fields)
        if not (was and is_):
            differing = {name: differing[name] for name in BRIEF if name in differing}
        yield Difference(
            section=Section.ENVIRONMENT if isinstance(fact, OF_THE_STACK) else Section.FACTS,
            subject=f"{_WORDS.get(type(fact)) or _spelled(kind)} {subject}",
            before=_told(fields[0], differing) if was else None,
            after=_told(fields[1], differing) if is_ else None,
            lane=_lane(fact) if seen else None,
            seen=seen,
        )


def tools(old: Held, new: Held) -> Iterator[Difference]:
    """Who answered in other versions: the tools and services that the probes of both audits asked."""
    before, after = _asked(old), _asked(new)
    for probe in sorted(before.keys() & after.keys()):
        was, is_ = ", ".join(sorted(before[probe])), ", ".join(sorted(after[probe]))
        if was != is_:
            yield Difference(section=Section.TOOLS, subject=probe, before=was, after=is_)


_WORDS: Mapping[type[Fact], str] = {
    Account: "run as",
    Broadcast: "workers of",
    Copy: "copy of",
    Crowd: "clients of",
    Door: "door of",
    Durability: "saves of",
    Exposure: "reach of",
    Idleness: "idle clients of",
    MediaTrial: "trial",
    Need: "need of",
    Program: "program",
    Pulse: "service",
    RoundTrip: "round trip of",
    Variable: "variable",
    Worker: "worker",
}


def _spelled(kind: str) -> str:
    """The name of a kind of fact in words: `reply lists`."""
    return "".join(f" {each.lower()}" if each.isupper() else each for each in kind).strip()


def _facts(held: Held) -> dict[tuple[str, str], tuple[Fact, ...]]:
    found: dict[tuple[str, str], tuple[Fact, ...]] = {}
    for look in held.case.snapshot.looks:
        for fact in look.facts:
            if not isinstance(fact, TOLD_ELSEWHERE):
                key = type(fact).__name__, fact.subject
                found[key] = (*found.get(key, ()), fact)
    return found


def _lane(fact: Fact) -> Lane | None:
    if isinstance(fact, OF_THE_STACK):
        return Lane.CHANGE
    return Lane.WORLD if isinstance(fact, OF_THE_WORLD) else None


def _fields(facts: Sequence[Fact]) -> dict[str, frozenset[str]]:
    """The values of each field, of a list each of its values."""
    found: dict[str, set[str]] = {}
    for fact in facts:
        encoded = encode(fact)
        for name, value in encoded.items() if isinstance(encoded, dict) else ():
            found.setdefault(name.replace("_", " "), set()).update(_values(value))
    return {name: frozenset(each) for name, each in found.items() if name != "fact"}


def _values(value: Json) -> Iterator[str]:
    if isinstance(value, list):
        # A pair is a name and its value.
        yield from (" ".join(map(str, each)) if isinstance(each, list) else str(each) for each in value)
    elif value is not None:
        yield str(value).lower() if isinstance(value, bool) else str(value)


def _differing(before: Mapping[str, frozenset[str]], after: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """The fields that differ, each with the values that either side alone has."""
    return {
        name: before.get(name, frozenset()) ^ after.get(name, frozenset())
        for name in {**before, **after}
        if before.get(name, frozenset()) != after.get(name, frozenset())
    }


def _told(fields: Mapping[str, frozenset[str]], differing: Mapping[str, frozenset[str]]) -> str:
    """What a side says of the fields that differ: one that it says nothing of is told as `-`."""
    parts = []
    for name, values in differing.items():
        own = sorted(fields.get(name, frozenset()) & values)
        more = f" and {len(own) - MOST} more" if len(own) > MOST else ""
        parts.append(f"{name} {', '.join(own[:MOST]) or '-'}{more}")
    return redact("; ".join(parts)) or "seen"


def _asked(held: Held) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for look in held.case.snapshot.looks:
        evidence = look.evidence
        found.setdefault(look.probe, set()).add(" ".join(filter(None, (evidence.tool, evidence.tool_version))))
    return found
