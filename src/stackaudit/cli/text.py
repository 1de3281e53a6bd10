"""Tells an audit to a person: a line a check, then each finding with what, where, why, and what to do."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from io import StringIO
from typing import TypeAlias

from stackaudit.gate.verdict import fails, let_through
from stackaudit.model.audit import Audit, Judgment, Policy
from stackaudit.model.facts.published import Resolution
from stackaudit.model.findings import MOST_NAMED, Finding, Lane, Outcome, Severity, Verdict, Waived, named_before
from stackaudit.model.kinds import Kind, kind_of, title_of
from stackaudit.model.parts import Rule
from stackaudit.model.places import Place
from stackaudit.model.values import dataclass

LABELS = {
    Verdict.PASS: ("ok", "green"),
    Verdict.WARN: ("warn", "yellow"),
    Verdict.FAIL: ("FAIL", "bold red"),
    Verdict.UNKNOWN: ("????", "bold magenta"),
    Verdict.SKIPPED: ("skip", "dim"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """How to tell: `quiet` 1 leaves the passes out, 2 everything; `verbose` adds details and passes; `line` reads a source line.

    `title` takes the place of the line that says what is audited; `details` are lines that stand below those of the checks.
    """

    quiet: int = 0
    verbose: int = 0
    color: bool = False
    line: Callable[[Place], str | None] = lambda _place: None
    title: str = ""
    details: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Block:
    """One thing told once: a finding, and the codes and the subjects of all that the same cause made."""

    finding: Finding
    also: tuple[str, ...]
    subjects: tuple[str, ...]

    def sentence(self) -> str:
        """The message, after the subjects that it does not name itself."""
        return f"{named_before(self.subjects, self.finding.message)}{self.finding.message}"


def render(audit: Audit, rules: Sequence[Rule], policy: Policy, telling: Telling) -> str:
    """The whole text. With colours it holds ANSI sequences, else none."""
    if telling.quiet > 1:
        return ""
    by_code = {each.code: each for each in rules}
    return painted(_segments(audit, by_code, policy, telling), color=telling.color)


def painted(segments: Iterable["Segment"], *, color: bool) -> str:
    """The text of `segments`, each with its style as ANSI sequences where `color` is wanted."""
    if not color:
        return "".join(_printable(content) for content, _ in segments)
    from rich.console import Console
    from rich.text import Text

    page = Text()
    for content, style in segments:
        page.append(_printable(content), style)
    # A file of its own: rich writes to the real standard output even while it captures.
    written = StringIO()
    Console(
        file=written,
        width=10_000,
        color_system="standard",
        force_terminal=True,
        highlight=False,
        markup=False,
    ).print(page, soft_wrap=True, end="")
    return written.getvalue()


def _printable(text: str) -> str:
    """`text` without control characters: what comes from the world must not steer the terminal."""
    if text.replace("\n", "").isprintable():
        return text
    return "".join(each if each == "\n" or each.isprintable() else " " for each in text)


Segment: TypeAlias = tuple[str, str]
"""A piece of text and its Rich style."""


def _segments(audit: Audit, rules: dict[str, Rule], policy: Policy, telling: Telling) -> Iterator[Segment]:
    if not telling.quiet:
        yield from _head(audit) if not telling.title else [(f"{telling.title}\n\n", "bold")]
        for judgment in audit.judgments:
            yield from _check_line(
                judgment, "sandbox: " if audit.case.manifest.sandbox else "", _pinged(audit, judgment)
            )
        yield f"{telling.details}\n", ""
    for block in _blocks(audit.judgments, policy):
        yield from _told(block, rules, policy, telling)
    if telling.verbose:
        yield from _evidence(audit)
    yield from _foot(audit, policy)


def _head(audit: Audit) -> Iterator[Segment]:
    if kind_of(audit) is not Kind.AUDIT:
        yield f"{title_of(audit)}\n\n", "bold"
        return
    case = audit.case
    what = ", ".join(case.manifest.sources) or "nothing"
    if case.manifest.sandbox:
        what = f"a sandbox of {what}"
    elif case.manifest.interpreter is not None:
        what = case.manifest.interpreter.path
    python = case.interpreter.subject if case.interpreter else None
    count = len(case.packages())
    fresh = [f"{len(each.packages)} in a fresh install" for each in case.facts(Resolution) if each.packages]
    facts = ", ".join([*([python] if python else []), f"{count} package{'s' * (count != 1)}", *fresh])
    matrix = f" against matrix {case.matrix.name} {case.matrix.version}" if case.matrix else ""
    yield f"Auditing {what} ({facts}){matrix}\n\n", "bold"


def _check_line(judgment: Judgment, prefix: str, suffix: str) -> Iterator[Segment]:
    label, style = _label(judgment)
    yield f"  {label:<5}", style
    yield (
        f" {judgment.check:<16}{prefix}{judgment.summary}{suffix}\n",
        "dim" if judgment.verdict is Verdict.SKIPPED else "",
    )


def _pinged(audit: Audit, judgment: Judgment) -> str:
    """How fast the servers answered that the check asked itself. It is no part of the summary: that is in the digest."""
    looks = [look.measured for look in audit.case.snapshot.looks if look.probe == judgment.check]
    if not any(" ping " in name for measured in looks for name, _ in measured):
        return ""
    from stackaudit.reports._amounts import seconds

    times = [
        ", ".join(f"{name.rpartition(' ')[2]} {seconds(value)}" for name, value in measured if " ping " in name)
        for measured in looks
    ]
    return f" (ping {'; '.join(filter(None, times))})"


def _label(judgment: Judgment) -> Segment:
    """The verdict's; what passes on metadata alone is not called ok: its summary says the rung."""
    proved = judgment.rung is None or judgment.rung.earns_tick
    return LABELS[judgment.verdict] if proved or judgment.verdict is not Verdict.PASS else ("pass", "")


_OF_CHECK = 2
"""The letters of a rule's code that name its check."""

_Key: TypeAlias = tuple[str, str, str, Waived | None, Lane | None]
"""What the findings have in common that are told as one."""


def _blocks(judgments: Sequence[Judgment], policy: Policy) -> Iterator[_Block]:
    """What is to be told, worst first; findings with one cause once, what a failure blinds in its own check with that failure."""
    # The sort is stable: of equals, those of the check that is told first come first.
    told = sorted(
        (
            finding
            for judgment in judgments
            if judgment.verdict is not Verdict.SKIPPED
            for finding in judgment.findings
            if finding.outcome is not Outcome.PASS
        ),
        key=_worst_first,
    )
    # What is accepted, or of another lane, is not told with what counts.
    by_cause: dict[_Key, list[Finding]] = {}
    failed: dict[tuple[str | None, str], _Key] = {}
    for finding in told:
        key = (
            (finding.cause, finding.outcome, "", finding.waiver, finding.lane)
            if finding.cause
            else (finding.rule, finding.subject, finding.message, finding.waiver, finding.lane)
        )
        shared = finding.cause, finding.rule[:_OF_CHECK]
        if finding.cause and fails(finding, policy):
            failed.setdefault(shared, key)
        by_cause.setdefault(failed.get(shared, key) if finding.outcome is Outcome.UNKNOWN else key, []).append(finding)
    for group in by_cause.values():
        first = group[0]
        also = (f"{each.rule}{_unasked(each, first)}" for each in group if each.rule != first.rule)
        yield _Block(
            finding=first,
            also=tuple(dict.fromkeys(also)),
            subjects=tuple(dict.fromkeys(each.subject for each in group)),
        )


def _unasked(finding: Finding, first: Finding) -> str:
    return " not asked" if finding.outcome is Outcome.UNKNOWN and first.outcome is Outcome.FAIL else ""


def _worst_first(finding: Finding) -> tuple[int, int]:
    outcomes = (Outcome.FAIL, Outcome.UNKNOWN, Outcome.UNCHECKABLE, Outcome.PASS)
    low = finding.outcome is Outcome.FAIL and (finding.severity is Severity.LOW or finding.waiver is not None)
    return (2 if low else outcomes.index(finding.outcome), -finding.severity.rank)


def _told(block: _Block, rules: dict[str, Rule], policy: Policy, telling: Telling) -> Iterator[Segment]:
    finding = block.finding
    word, style = _word(finding, policy)
    yield f"{word}[{finding.rule}]", style
    if finding.lane is not None:
        yield f" ({finding.lane.told})", ""
    yield f": {block.sentence()}\n", "bold" if word in {"error", "unknown"} else ""
    if finding.waiver is not None:
        yield f"  = accepted: {finding.waiver.told}\n", ""
    if word == "note" and not telling.verbose:
        if finding.where is not None:
            yield f" --> {finding.where}\n", "dim"
        return
    yield from _place(finding, telling)
    rule = rules.get(finding.rule)
    why = finding.why or (rule.why if rule and finding.outcome is Outcome.FAIL else None)
    if why:
        yield f"  = why:  {why}\n", ""
    if block.also:
        more = f" and {len(block.also) - MOST_NAMED} more rules" if len(block.also) > MOST_NAMED else ""
        yield f"  = also: {', '.join(block.also[:MOST_NAMED])}{more} (the same cause)\n", ""
    if finding.via:
        yield f"  = via:  {' -> '.join(finding.via)}\n", ""
    if finding.fix:
        yield f"  = fix:  {finding.fix}\n", ""
    source = f", {finding.source}" if finding.source else ""
    yield f"  = more: stackaudit explain {finding.rule}{source}\n\n", "dim"


def _word(finding: Finding, policy: Policy) -> Segment:
    if finding.outcome is Outcome.UNKNOWN:
        return "unknown", "bold magenta"
    if finding.outcome is Outcome.FAIL and finding.waiver is None:
        if fails(finding, policy):
            return "error", "bold red"
        return ("note", "cyan") if finding.severity is Severity.LOW else ("warning", "yellow")
    return "note", "cyan"


def _place(finding: Finding, telling: Telling) -> Iterator[Segment]:
    if finding.where is None:
        return
    yield f" --> {finding.where}\n", "blue"
    source = telling.line(finding.where)
    if source is not None:
        number = str(finding.where.line)
        margin = " " * len(number)
        yield f"{margin} |\n{number} | {source}\n{margin} |\n", "dim"


def _evidence(audit: Audit) -> Iterator[Segment]:
    yield "\nEvidence\n", "bold"
    for look in audit.case.snapshot.looks:
        tool = " ".join(part for part in (look.evidence.tool, look.evidence.tool_version) if part)
        status = f", exit status {look.evidence.exit_status}" if look.evidence.exit_status is not None else ""
        seen = f"not seen: {look.unseen.cause}" if look.unseen else f"{len(look.facts)} facts"
        yield f"  {look.id:<16} {look.asked}: {tool}{status}, {seen}\n", ""
        if look.evidence.command:
            yield f"  {'':<16} $ {' '.join(look.evidence.command)}\n", "dim"
    yield "\n", ""


def _foot(audit: Audit, policy: Policy) -> Iterator[Segment]:
    label, style = LABELS[audit.verdict]
    yield "\n", ""
    yield f"{audit.verdict.value.upper() if label != 'ok' else 'pass'}", style
    yield f": {conclusion(audit, policy)}\n", ""


def conclusion(audit: Audit, policy: Policy) -> str:
    """One sentence: how many checks ran, how long it took, what the gate let through, and what was not checked and why."""
    ran = [each for each in audit.judgments if each.verdict is not Verdict.SKIPPED]
    seconds = (audit.finished_at - audit.started_at).total_seconds()
    parts = [f"{len(ran)} of {len(audit.judgments)} checks in {seconds:.1f} s"]
    counts = [
        f"{sum(1 for each in audit.judgments if each.verdict is verdict)} {word}"
        for verdict, word in ((Verdict.FAIL, "failed"), (Verdict.UNKNOWN, "unknown"), (Verdict.WARN, "with warnings"))
        if any(each.verdict is verdict for each in audit.judgments)
    ]
    parts += [", ".join(counts)] if counts else []
    passed = sum(let_through(judgment.findings, policy) for judgment in ran)
    parts += [f"{passed} let through, not of this change"] if passed else []
    reasons: dict[str, list[str]] = {}
    for judgment in audit.judgments:
        if judgment.verdict is Verdict.SKIPPED:
            reasons.setdefault(judgment.summary, []).append(judgment.check)
    parts += [f"{', '.join(names)} not checked: {reason}" for reason, names in reasons.items()]
    return "; ".join(parts)
