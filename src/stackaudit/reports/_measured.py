"""What answered, how fast, and what importing costs: from what was measured in the audit, and nothing else."""

from collections.abc import Iterator, Sequence

from stackaudit.model.audit import Audit, Case
from stackaudit.model.facts.environment import ImportTrial
from stackaudit.model.facts.programs import MediaTrial, Program
from stackaudit.model.facts.round_trips import RoundTrip, Route
from stackaudit.model.facts.services import Pulse
from stackaudit.model.facts.workers import Broadcast, Worker
from stackaudit.model.snapshot import Look
from stackaudit.reports._amounts import seconds, size
from stackaudit.reports._raw import Raw, to_evidence

_PING = " ping "


def live(audit: Audit) -> Iterator[tuple[str, str, str, Raw]]:
    """What each service and program answered: subject, answer, the time that it took (`-` where nothing was measured), evidence."""
    for look in audit.case.snapshot.looks:
        for fact in look.facts:
            match fact:
                case Pulse():
                    yield fact.endpoint, _pulse(fact), _times(look, fact.endpoint), _of(look)
                case Broadcast():
                    yield fact.endpoint, _broadcast(fact), "-", _of(look)
                case Worker():
                    yield fact.node, _worker(fact), "-", _of(look)
                case Program():
                    yield fact.name, _program(fact), _times(look, fact.name), _of(look)
                case RoundTrip():
                    yield fact.subject, _came_back(fact), _times(look, fact.subject), _of(look)
                case MediaTrial():
                    said = f"{'made its file' if fact.ok else 'failed'}: {fact.detail}"
                    yield fact.subject, said, _times(look, fact.subject), _of(look)


def _of(look: Look) -> Raw:
    return to_evidence([look.probe])


def _pulse(fact: Pulse) -> str:
    words = (fact.product, fact.version, fact.role)
    return f"{fact.state}: {' '.join(each for each in words if each)}{', ' if fact.product else ''}{fact.detail}"


def _broadcast(fact: Broadcast) -> str:
    if fact.problem is not None:
        return fact.problem
    return f"{fact.replies} worker{'s' * (fact.replies != 1)} answered"


def _worker(fact: Worker) -> str:
    if not fact.answered:
        return "did not answer"
    return f"answered: celery {fact.celery or '?'}, kombu {fact.kombu or '?'}, Python {fact.python or '?'}"


def _came_back(fact: RoundTrip) -> str:
    return f"{fact.back} of {fact.sent} came back{f': {fact.problem}' if fact.problem is not None else ''}"


def _program(fact: Program) -> str:
    return f"{fact.state}: {fact.version or ''}{' ' if fact.version else ''}{fact.detail}"


def _times(look: Look, subject: str) -> str:
    """What was measured of `subject`, by what it says besides the subject's name."""
    own = [(name.removeprefix(subject).strip(), value) for name, value in look.measured if name.startswith(subject)]
    return _told(own) or "-"


def _told(named: Sequence[tuple[str, float]]) -> str:
    """Times in seconds by their names, percentiles before the longest."""
    ordered = sorted(named, key=lambda each: (each[0].rpartition(" ")[2] == "max", each))
    return ", ".join(f"{name} {seconds(value)}".strip() for name, value in ordered)


def performance(audit: Audit) -> Iterator[tuple[str, str, Raw]]:
    """What was measured of the stack's own speed and memory, or `not measured` with what is missing: question, answer, evidence."""
    case = audit.case
    looks = case.snapshot.looks
    for look in looks:
        for fact in look.facts:
            if isinstance(fact, ImportTrial):
                yield f"{fact.subject}: {fact.statement}", _imported(look, fact), _of(look)
    if not case.facts(ImportTrial):
        yield "Import time and memory", f"not measured{_why(case, ImportTrial.__name__)}", Raw("-")
    pinged = [look for look in looks if any(_PING in name for name, _ in look.measured)]
    for look in pinged:
        named = {name.rpartition(" ")[2]: value for name, value in look.measured if _PING in name}
        yield f"Redis round trip to {look.asked}", _told(tuple(named.items())), _of(look)
    if not pinged:
        yield "Redis round trip", f"not measured{_why(case, Pulse.__name__)}", Raw("-")
    yield from _round_trips(looks)
    made = [
        (look, value)
        for look in looks
        for fact in look.facts
        if isinstance(fact, MediaTrial) and fact.step == "thumbnail" and fact.ok
        for name, value in look.measured
        if name == fact.subject
    ]
    for look, value in made:
        yield "Thumbnail of a small clip, with the start of ffmpeg", seconds(value), _of(look)
    if not made:
        yield "Thumbnail", f"not measured{_why(case, MediaTrial.__name__)}", Raw("-")


def _round_trips(looks: Sequence[Look]) -> Iterator[tuple[str, str, Raw]]:
    """What went through the broker to workers and back: a control message is told apart, since it passes queues and pools by."""
    tasks = 0
    for look in looks:
        for fact in look.facts:
            if isinstance(fact, RoundTrip):
                tasks += fact.route is Route.TASK
                times = _times(look, fact.subject)
                words = _came_back(fact) if times == "-" else f"{times}; {_came_back(fact)}"
                what = "Task round trip" if fact.route is Route.TASK else "Control round trip, which is no task's"
                yield f"{what}: {fact.subject}", words, _of(look)
    if not tasks:
        yield "Task round trip", "not measured: no task was sent (stackaudit smoke sends one)", Raw("-")


def _imported(look: Look, fact: ImportTrial) -> str:
    if fact.problem is not None:
        return f"not measured: {fact.problem}"
    took = dict(look.measured)
    words = [seconds(took[fact.statement])] if fact.statement in took else []
    grown = took.get(f"{fact.statement} bytes")
    words += [f"{size(grown)} of memory"] if grown is not None else []
    return ", ".join(words) or "not measured"


def _why(case: Case, kind: str) -> str:
    causes = dict.fromkeys(unseen.cause for _, unseen in case.snapshot.unseen(frozenset({kind})))
    return f": {'; '.join(causes)}" if causes else ": it was not looked at"
