"""The audit document in Markdown: every line from the audit, none from the template."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from stackaudit.model.audit import Audit, Judgment
from stackaudit.model.facts import Broadcast, Distribution, MediaTrial, Program, Pulse, Release, Variable, Worker
from stackaudit.model.findings import Finding, Outcome, Verdict
from stackaudit.model.matrix import PackageEntry, Rung
from stackaudit.model.parts import Renderer
from stackaudit.model.versions import parse_version
from stackaudit.reports._escape import inline
from stackaudit.reports._marks import mark_of, mark_of_all
from stackaudit.reports.record import record

if TYPE_CHECKING:
    from jinja2 import Template


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One package of the stack as the document shows it; every field is plain text, `-` where nothing is known."""

    name: str
    declared: str
    installed: str
    released: str
    status: str
    role: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell of the compatibility matrix: the version, and what its published metadata says of that Python."""

    version: str
    says: str


def render(audit: Audit) -> str:
    """The document. The same audit gives the same bytes."""
    case = audit.case
    return _template().render(
        audit=audit,
        case=case,
        mark=mark_of,
        verdict=mark_of_all(audit),
        rows=tuple(rows(audit)),
        grid=tuple(grid(audit)),
        counts=counts(audit),
        digest=record(audit)["digest"],
        findings={judgment.check: _told(judgment) for judgment in audit.judgments},
        judgments={judgment.check: judgment for judgment in audit.judgments},
        clean=_clean(audit),
        unchecked=tuple(_unchecked(audit)),
        services={
            "pulses": case.facts(Pulse),
            "broadcasts": case.facts(Broadcast),
            "workers": case.facts(Worker),
            "programs": case.facts(Program),
            "trials": case.facts(MediaTrial),
            "variables": case.facts(Variable),
        },
    )


@cache
def _template() -> "Template":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("stackaudit.reports"),
        autoescape=False,  # noqa: S701 - it is Markdown: `finalize` escapes every value that is printed
        finalize=inline,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("audit.md.j2")


def counts(audit: Audit) -> dict[str, int]:
    """How many checks ended in each verdict, and how many findings are told."""
    found = {verdict.value: sum(1 for each in audit.judgments if each.verdict is verdict) for verdict in Verdict}
    return {**found, "checks": len(audit.judgments), "ran": len(audit.judgments) - found["skipped"]}


def rows(audit: Audit) -> Iterator[Row]:
    """The packages of the stack: what is declared, what is installed, and what the rules about them said."""
    case = audit.case
    if case.matrix is None:
        return
    installed = {each.name: each.version for each in case.facts(Distribution)}
    releases = {(each.name, each.version): each for each in case.facts(Release)}
    for entry in case.matrix.packages:
        pins = sorted({str(each.pin or each.specifier or "any version") for each in case.requirements_of(entry.name)})
        version = installed.get(entry.name) or next(
            (each.version for each in case.packages() if each.name == entry.name), None
        )
        release = releases.get((entry.name, version or ""))
        yield Row(
            name=entry.name,
            declared=", ".join(pins) or "-",
            installed=installed.get(entry.name, "-"),
            released=release.uploaded_at.date().isoformat()
            if release and release.uploaded_at
            else _listed_date(entry, version),
            status=status_of(audit, entry.name, version),
            role=entry.role,
            source=entry.source,
        )


def _listed_date(entry: PackageEntry, version: str | None) -> str:
    parsed = parse_version(version) if version else None
    listed = dict(entry.listed())
    day = listed.get(parsed) if parsed else None
    return f"{day.isoformat()} (matrix)" if day else "-"


def status_of(audit: Audit, name: str, version: str | None) -> str:
    """What the matrix check says of one package, in a word, with a tick where the combination was proved.

    The word is that of the worst finding about the package, and `admitted` only where rules passed it.
    """
    subjects = {name, f"{name}=={version}"}
    matrix = next((each for each in audit.judgments if each.check == "matrix"), None)
    if matrix is None or matrix.verdict is Verdict.SKIPPED or version is None:
        return "not checked"
    about = [each for each in matrix.findings if each.subject in subjects]
    if any(each.outcome is Outcome.UNKNOWN for each in matrix.findings if each.subject in {"", *subjects}):
        return "unknown"
    failed = [each for each in about if each.outcome is Outcome.FAIL]
    if failed:
        worst = max(failed, key=lambda each: each.severity.rank).severity
        return f"{worst}: {', '.join(sorted({each.rule for each in failed}))}"
    rungs = [Rung(each.rung) for each in about if each.outcome is Outcome.PASS and each.rung is not None]
    if not rungs:
        return "not checked"
    rung = min(rungs, key=lambda each: each.rank)
    return f"✅ {rung}" if rung.earns_tick and matrix.verdict is not Verdict.FAIL else f"admitted ({rung})"


def grid(audit: Audit) -> Iterator[tuple[str, tuple[Cell, ...], str]]:
    """For each Python of the matrix, what published metadata says of this stack's versions there, and what was proved of them together."""
    case = audit.case
    if case.matrix is None:
        return
    versions = {each.name: each.version for each in case.stack_packages()}
    for branch in case.matrix.pythons:
        yield (
            branch.name,
            tuple(
                _cell(entry, versions[entry.name], branch.name)
                for entry in case.matrix.packages
                if entry.name in versions
            ),
            _together(audit, branch.name),
        )


def _together(audit: Audit, python: str) -> str:
    """What was proved of the stack's versions together; a combination that fails here has a tick nowhere."""
    case = audit.case
    proof = case.proof_on(python)
    if proof is None:
        return "not proved"
    told = proof.told(case.interpreter.platform if case.interpreter is not None else None)
    failed = any(each.check == "matrix" and each.verdict is Verdict.FAIL for each in audit.judgments)
    return told if failed else f"✅ {told}"


def _cell(entry: PackageEntry, version: str, python: str) -> Cell:
    parsed = parse_version(version)
    covered = entry.range_of(parsed) if parsed else None
    if covered is None:
        return Cell(version=version, says="not in the matrix")
    if not covered.requires_python.contains(python):
        return Cell(version=version, says="forbidden")
    return Cell(version=version, says="published" if python in covered.pythons else "admitted, not named")


def _told(judgment: Judgment) -> tuple[Finding, ...]:
    return tuple(each for each in judgment.findings if each.outcome is not Outcome.PASS)


def _clean(audit: Audit) -> tuple[str, ...]:
    """The packages that were audited and have no known vulnerability: those that the rule passed, and no others."""
    found: Sequence[Finding] = next((each.findings for each in audit.judgments if each.check == "vulnerabilities"), ())
    dirty = {each.subject for each in found if each.outcome is not Outcome.PASS}
    return tuple(sorted({each.subject for each in found if each.outcome is Outcome.PASS} - dirty))


def _unchecked(audit: Audit) -> Iterator[tuple[str, str, str]]:
    """What was not checked, as (check, subject, why): skipped checks, unknown and uncheckable subjects; one cause once."""
    told: set[tuple[str, str]] = set()
    for judgment in audit.judgments:
        if judgment.verdict is Verdict.SKIPPED:
            yield judgment.check, "the whole check", judgment.summary
        for finding in judgment.findings:
            key = (judgment.check, f"{finding.subject}{finding.message}")
            if finding.outcome in {Outcome.UNKNOWN, Outcome.UNCHECKABLE} and key not in told:
                told.add(key)
                yield judgment.check, finding.subject or "the whole check", f"{finding.outcome}: {finding.message}"


RENDERER = Renderer(name="markdown", suffixes=(".md",), render=render)
