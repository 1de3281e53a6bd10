"""Tells how long things took: what was measured of services, round trips and programs."""

from collections.abc import Iterator

from stackaudit.model.audit import Audit
from stackaudit.model.facts.programs import MediaTrial
from stackaudit.model.facts.round_trips import RoundTrip
from stackaudit.model.facts.services import Pulse
from stackaudit.reports._amounts import seconds

_TIMED = (MediaTrial, Pulse, RoundTrip)


def times(audit: Audit) -> str:
    """A table of what was measured, a line a subject; empty where nothing was."""
    lines = sorted(_lines(audit))
    if not lines:
        return ""
    width = max(len(subject) for subject, _ in lines)
    return "\n" + "".join(f"  {subject:<{width}}  {told}\n" for subject, told in lines)


def _lines(audit: Audit) -> Iterator[tuple[str, str]]:
    for look in audit.case.snapshot.looks:
        for fact in look.facts:
            if not isinstance(fact, _TIMED):
                continue
            own = [
                (name.removeprefix(fact.subject).strip(), value)
                for name, value in look.measured
                if name.startswith(fact.subject)
            ]
            if own:
                yield fact.subject, ", ".join(f"{name} {seconds(value)}".strip() for name, value in sorted(own))
