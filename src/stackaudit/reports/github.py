"""The findings as annotations of a GitHub workflow: commands that its runner reads from standard output."""

from collections import Counter
from collections.abc import Iterator, Sequence

from stackaudit.model.audit import Audit
from stackaudit.model.findings import Outcome, Severity
from stackaudit.model.parts import Renderer
from stackaudit.model.secret import redact
from stackaudit.model.values import dataclass
from stackaudit.reports._told import Told, file_of, line, told

LEVELS = {Severity.LOW: "notice", Severity.MEDIUM: "warning", Severity.HIGH: "error", Severity.CRITICAL: "error"}
ORDER = ("error", "warning", "notice")
SHOWN = 10
"""How many annotations of each level GitHub shows of one step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The findings that one cause made, and so are one annotation: GitHub shows few. The worst of them comes first."""

    level: str
    members: tuple[Told, ...]


def render(audit: Audit) -> str:
    """A command a line, worst first, then a plain line for each check and one with the verdict. The same audit gives the same bytes."""
    groups = sorted(_groups(told(audit)), key=lambda each: ORDER.index(each.level))
    counts = Counter(each.level for each in groups)
    counted = ", ".join(f"{counts[level]} {level}{'s' * (counts[level] != 1)}" for level in ORDER if counts[level])
    sandbox = "sandbox: " if audit.case.manifest.sandbox else ""
    hidden = any(count > SHOWN for count in counts.values())
    more = f"; GitHub shows the first {SHOWN} of each level, the step summary and this log have all" if hidden else ""
    return "".join(
        (
            *(_command(audit, each) for each in groups),
            *(
                f"stackaudit: {each.check}: {sandbox}{each.verdict}: {_plain(each.summary)}\n"
                for each in audit.judgments
            ),
            f"stackaudit: {sandbox}{audit.verdict}: {counted or 'nothing found'}{more}\n",
        )
    )


def level_of(each: Told) -> str:
    """`error`, `warning` or `notice`."""
    if each.accepted is not None or each.finding.outcome is Outcome.UNCHECKABLE:
        return "notice"
    if each.finding.outcome is Outcome.UNKNOWN:
        return "warning" if each.passes else "error"
    return LEVELS[each.finding.severity]


def _groups(found: Sequence[Told]) -> Iterator[Group]:
    groups: dict[tuple[str, ...], list[Told]] = {}
    for number, each in enumerate(found):
        cause = each.cause
        alone = cause is None or each.accepted is not None
        key = (str(number),) if alone or cause is None else (cause, each.finding.outcome)
        groups.setdefault(key, []).append(each)
    for members in groups.values():
        worst = sorted(members, key=lambda each: (ORDER.index(level_of(each)), -each.finding.severity.rank))
        yield Group(level=level_of(worst[0]), members=tuple(worst))


def _command(audit: Audit, group: Group) -> str:
    first = group.members[0]
    place = first.finding.where
    file = file_of(audit, place)
    properties = {
        "file": file,
        "line": str(place.line) if file is not None and place is not None and place.line is not None else None,
        # Escaped, a URL is none any more to what takes secrets out of the whole text.
        "title": redact(" ".join(part for part in (first.finding.rule, first.subject) if part)),
    }
    said = ",".join(f"{name}={_property(value)}" for name, value in properties.items() if value is not None)
    others = dict.fromkeys(_named(each) for each in group.members)
    others.pop(_named(first), None)
    also = (f"also, of the same cause: {', '.join(others)}",) if others else ()
    return f"::{group.level} {said}::{_data([first.sentence, *first.details, *also])}\n"


def _named(each: Told) -> str:
    return " ".join(part for part in (each.finding.rule, each.subject) if part)


def _data(lines: Sequence[str]) -> str:
    return "%0A".join(line(each).replace("%", "%25") for each in lines)


def _plain(text: str) -> str:
    """`text` for a line that is no command: the runner takes `##[` for the start of one wherever it stands."""
    return line(redact(text)).replace("##[", "## [")


def _property(text: str) -> str:
    return line(text).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")


RENDERER = Renderer(name="github", suffixes=(), render=render)
