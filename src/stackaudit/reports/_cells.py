"""What was drilled or proved, cell by cell: what it ran on, what became of each drill, and which were left out."""

from collections.abc import Iterator, Sequence

from stackaudit.model.audit import Audit, Judgment
from stackaudit.model.facts.rows import RowInstall
from stackaudit.model.facts.trials import DrilledStack, LeftOut, Trial
from stackaudit.model.findings import Finding, Outcome, Severity
from stackaudit.model.kinds import Kind, kind_of
from stackaudit.model.snapshot import Look
from stackaudit.model.values import dataclass
from stackaudit.reports._amounts import seconds
from stackaudit.reports._parts import evidence_of
from stackaudit.reports._raw import Raw, folded, table, to_evidence

HEAD = ("Tried", "What must hold", "Outcome", "Runs", "Took at most", "Rule", "Evidence")
_OPEN = 3
"""How many cells are told in the open; of more each is folded."""
_FEW = 6
"""How many drills that were not run are told in the open."""
_ORDER = (Outcome.FAIL, Outcome.UNKNOWN, Outcome.UNCHECKABLE, Outcome.PASS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell: its name, what it ran on in words, all that was installed, and the table of what was tried."""

    name: str
    ground: str
    packages: Raw
    tried: Raw


def cells(audit: Audit) -> Iterator[Cell]:
    """One for each check of what was drilled or proved."""
    if kind_of(audit) not in {Kind.DRILLS, Kind.PROOFS}:
        return
    for judgment in audit.judgments:
        looks = [each for each in audit.case.snapshot.looks if each.id in judgment.evidence]
        rows = tuple(_rows(audit, judgment, looks))
        said = f"{len(rows)} {'outcome' if len(rows) == 1 else 'outcomes'}"
        packages = [each.packages for look in looks for each in look.facts if isinstance(each, RowInstall)]
        yield Cell(
            name=judgment.check,
            # Of drills the overview tells it: all cells have the same.
            ground="" if kind_of(audit) is Kind.DRILLS else ", ".join(dict.fromkeys(_ground(looks))),
            packages=Raw("".join(_packages(each) for each in packages)),
            tried=table(HEAD, rows) if len(audit.judgments) <= _OPEN else folded(said, HEAD, rows),
        )


def _ground(looks: Sequence[Look]) -> Iterator[str]:
    """Who answered, each with its version, and the platform."""
    for look in looks:
        if look.evidence.tool != "stackaudit":
            yield look.evidence.named
        yield from (each.platform for each in look.facts if isinstance(each, RowInstall))


def _packages(found: Sequence[tuple[str, object]]) -> Raw:
    return folded(f"{len(found)} packages were installed", ("Package", "Version"), [(n, str(v)) for n, v in found])


def _rows(audit: Audit, judgment: Judgment, looks: Sequence[Look]) -> Iterator[tuple[str | Raw, ...]]:
    """A row an outcome, what did not hold first: drill, what must hold, outcome, runs, the longest of them, rule, evidence."""
    titles = {each.code: each.title for each in audit.rules}
    found = sorted(judgment.findings, key=lambda each: (_ORDER.index(each.outcome), -each.severity.rank, each.rule))
    for each in found:
        name = each.subject.removeprefix(judgment.check).strip()
        own = [look for look in looks if _drill_of(look) == name]
        times = [value for look in own for _, value in look.measured]
        passed = each.message if each.outcome is Outcome.PASS else "-"
        yield (
            name or "the row",
            own[0].asked if own else titles.get(each.rule, passed),
            _outcome(each),
            str(len(own)) if own else "-",
            seconds(max(times)) if times else "-",
            each.rule,
            to_evidence(look.probe for look in own) if own else evidence_of(judgment),
        )


def _drill_of(look: Look) -> str | None:
    """The drill that `look` is a run of; None where it is of none."""
    trial = next((each for each in look.facts if isinstance(each, Trial)), None)
    if trial is not None:
        return trial.drill
    return look.unseen.subject if look.unseen is not None and look.probe == Kind.DRILLS else None


def _outcome(finding: Finding) -> str:
    match finding.outcome:
        case Outcome.PASS:
            return "✅ held"
        case Outcome.FAIL:
            mark = "accepted" if finding.waiver is not None else "⚠️" if finding.severity is Severity.LOW else "❌"
            return f"{mark} did not hold ({finding.severity}): {finding.message}"
        case _:
            return f"❔ {finding.outcome}: {finding.message}"


def left_out(audit: Audit) -> Raw:
    """The drills that were not run, and why: folded where they are many."""
    head = ("Cell", "Drill", "What would have had to hold", "Why")
    rows = [(each.cell, each.drill, each.sentence, each.reason) for each in audit.case.facts(LeftOut)]
    return table(head, rows) if len(rows) <= _FEW else folded(f"{len(rows)} drills were not run", head, rows)


def overview(audit: Audit, dated: str) -> Iterator[tuple[str, str]]:
    """What was drilled or proved, on what and how often, as pairs of a question and its answer."""
    case = audit.case
    stacks = case.facts(DrilledStack)
    if kind_of(audit) is Kind.DRILLS:
        yield "Drilled", "a throwaway copy of the stack, broken on purpose and taken down"
        yield "Pins from", ", ".join(case.manifest.sources) or "nowhere"
        yield "Packages", f"{len(case.packages())} installed"
    else:
        yield "Tried", f"{len(audit.judgments)} of the rows of {', '.join(case.manifest.sources)}"
    yield "On", f"{dated} UTC"
    if stacks and case.interpreter is not None:
        python = f"{case.interpreter.implementation} {case.interpreter.version}"
        yield "Python", python
        yield "Platform", case.interpreter.platform
        drilled = [each for each in case.snapshot.looks if each.probe == Kind.DRILLS]
        programs = [each for each in dict.fromkeys(_ground(drilled)) if each != python]
        yield "Server and programs", ", ".join(programs) or "none"
        yield "Pools of the workers", ", ".join(each.pool for each in stacks)
    times = max((each.run for look in case.snapshot.looks for each in look.facts if isinstance(each, Trial)), default=0)
    yield "Each drill was run", {0: "not at all", 1: "once"}.get(times, f"{times} times")
