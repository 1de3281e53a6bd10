"""The audit document as its templates see it: plain text and finished Markdown, no secret, nothing that could look further."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from stackaudit.model.audit import Audit, Case
from stackaudit.model.edition import Edition
from stackaudit.model.facts.advised import AdvisoryCopy
from stackaudit.model.findings import Verdict
from stackaudit.model.kinds import Kind, kind_of, title_of
from stackaudit.model.markers import environment_of
from stackaudit.model.values import dataclass
from stackaudit.reports import _cells, _ending, _evidence, _measured, _rationale, _stack_rows, _surroundings, _upkeep
from stackaudit.reports._marks import mark_of, mark_of_all
from stackaudit.reports._parts import Part, clean_packages, evidence_of, part_of, scans
from stackaudit.reports._raw import Raw, bullets, folded
from stackaudit.reports.record import record


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """All that a template may print. Fields called `…_rows` are rows of a table, in the order of the head that the section gives."""

    kind: str
    title: str
    label: str
    verdict: str
    counts: dict[str, int]
    sandbox: bool
    overview_rows: tuple[tuple[str, str], ...]
    check_rows: tuple[tuple[str | Raw, ...], ...]
    dated: str
    dated_by: str
    advisories_as_of: tuple[str, ...]
    python: str
    python_support: str
    python_wanted: str
    package_rows: tuple[tuple[str | Raw, ...], ...]
    all_packages: Raw
    rationales: tuple[_rationale.Rationale, ...]
    grid_head: tuple[str, ...]
    grid_rows: tuple[tuple[str, ...], ...]
    security: Part | None
    scan_rows: tuple[tuple[str | Raw, ...], ...]
    clean: tuple[str, ...]
    conflicts: Part | None
    live_rows: tuple[tuple[str | Raw, ...], ...]
    performance_rows: tuple[tuple[str | Raw, ...], ...]
    variable_rows: tuple[tuple[str, ...], ...]
    declared_rows: tuple[tuple[str, ...], ...]
    container_rows: tuple[tuple[str, ...], ...]
    image_rows: tuple[tuple[str, ...], ...]
    run_rows: tuple[tuple[str | Raw, ...], ...]
    cells: tuple[_cells.Cell, ...]
    left_out: Raw
    ending_rows: tuple[tuple[str, ...], ...]
    next_audit: str
    next_label: str
    trouble_rows: tuple[tuple[str, ...], ...]
    debugging: Raw
    findings: Raw
    change_rows: tuple[tuple[str, ...], ...]
    changes_since: str
    compared: bool
    waiver_rows: tuple[tuple[str, ...], ...]
    unchecked_rows: tuple[tuple[str, ...], ...]
    evidence: tuple[_evidence.Group, ...]
    digest: str
    conclusion: tuple[str, ...]


def document(audit: Audit) -> Document:
    """What the templates see of `audit`."""
    case = audit.case
    edition = audit.edition or Edition()
    kind = kind_of(audit)
    judgments = {each.check: each for each in audit.judgments}
    shown = edition.dated or audit.started_at
    digest = edition.digest or str(record(audit)["digest"])
    following = _upkeep.next_quarter(shown.date())
    clean = clean_packages(audit)
    return Document(
        kind=kind.value,
        title=title_of(audit),
        label=edition.label,
        verdict=mark_of_all(audit),
        counts=counts(audit),
        sandbox=case.manifest.sandbox,
        overview_rows=(
            *(_cells.overview(audit, _shown(shown)) if kind in {Kind.DRILLS, Kind.PROOFS} else _audited(case)),
            *_made(audit, digest),
        ),
        check_rows=tuple((each.check, mark_of(each), each.summary, evidence_of(each)) for each in audit.judgments),
        dated=_shown(shown),
        dated_by="SOURCE_DATE_EPOCH" if edition.dated is not None else "",
        advisories_as_of=tuple(
            sorted({f"{each.name} as of {each.as_of or 'no known day'}" for each in case.facts(AdvisoryCopy)})
        ),
        python=f"{case.interpreter.implementation} {case.interpreter.version}" if case.interpreter else "",
        python_support=_support(audit),
        python_wanted=_minor(audit) if case.interpreter is None else "",
        package_rows=tuple(
            (each.name, each.declared, each.installed, each.released, each.status, each.role, each.evidence)
            for each in _stack_rows.rows(audit)
        ),
        all_packages=_all(audit),
        rationales=tuple(_rationale.rationales(audit)),
        grid_head=_stack_rows.grid_head(audit),
        grid_rows=tuple(
            (python, *(f"{each.version}: {each.says}" for each in cells), together)
            for python, cells, together in _stack_rows.grid(audit)
        ),
        security=part_of(judgments.get("vulnerabilities")),
        scan_rows=tuple(scans(audit)),
        clean=clean,
        conflicts=part_of(judgments.get("conflicts")),
        live_rows=tuple(_measured.live(audit)),
        performance_rows=tuple(_measured.performance(audit)),
        variable_rows=tuple(_surroundings.variables(audit)),
        declared_rows=tuple(_surroundings.declared(audit)),
        container_rows=tuple(_surroundings.containers(audit)),
        image_rows=tuple(_surroundings.images(audit)),
        run_rows=tuple(_evidence.runs(audit)),
        cells=tuple(_cells.cells(audit)),
        left_out=_cells.left_out(audit),
        ending_rows=tuple(_upkeep.endings(audit)),
        next_audit=str(following),
        next_label=_upkeep.quarter_of(following + timedelta(days=1)),
        trouble_rows=tuple(_upkeep.troubles(audit)),
        debugging=_upkeep.debugging(audit),
        findings=bullets(_ending.findings(audit)),
        change_rows=tuple(_ending.changes(edition)),
        changes_since=_ending.since(audit, edition),
        compared=edition.changes is not None,
        waiver_rows=tuple(_upkeep.waivers(audit)),
        unchecked_rows=(
            *_ending.unchecked(audit),
            *(_surroundings.unseen_images(audit) if kind is Kind.AUDIT else ()),
        ),
        evidence=tuple(_evidence.groups(audit)),
        digest=digest,
        conclusion=tuple(_ending.conclusion(audit, shown.date())),
    )


def counts(audit: Audit) -> dict[str, int]:
    """How many checks ended in each verdict, and how many there are."""
    found = {verdict.value: sum(1 for each in audit.judgments if each.verdict is verdict) for verdict in Verdict}
    return {**found, "checks": len(audit.judgments), "ran": len(audit.judgments) - found["skipped"]}


def _shown(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M")


def _audited(case: Case) -> Iterator[tuple[str, str]]:
    manifest = case.manifest
    if manifest.sandbox:
        yield "Audited", "a sandbox: a throwaway copy of the stack"
    else:
        yield "Audited", manifest.interpreter.path if manifest.interpreter else "requirement files alone"
    yield "Declared in", ", ".join(manifest.sources) or "nowhere"
    yield "Packages", str(len(case.packages()))
    yield "Matrix", f"{case.matrix.name} {case.matrix.version}" if case.matrix else "none"
    yield "Platform", case.interpreter.platform if case.interpreter else "not seen"


def _made(audit: Audit, digest: str) -> Iterator[tuple[str, str]]:
    yield "Tool", f"stackaudit {audit.tool_version}"
    yield "Record", digest
    if audit.baseline is not None:
        yield "Held against the record", audit.baseline


def _all(audit: Audit) -> Raw:
    """Every package that was seen, those besides the stack's own included, behind a line that counts them."""
    packages = sorted(audit.case.packages(), key=lambda each: (each.name, each.version))
    word = "pinned" if audit.case.manifest.interpreter is None and not audit.case.manifest.sandbox else "installed"
    said = f"{len(packages)} package{'s' * (len(packages) != 1)} {'are' if len(packages) != 1 else 'is'} {word}"
    return folded(said, ("Package", "Version"), ((each.name, each.version) for each in packages))


def _minor(audit: Audit) -> str:
    """The Python that the stack was judged for: `3.11`."""
    return environment_of(audit.case.manifest, audit.case.interpreter)["python_version"]


def _support(audit: Audit) -> str:
    case = audit.case
    branch = case.matrix.python(_minor(audit)) if case.matrix is not None else None
    if branch is None or branch.end_of_life is None:
        return ""
    word = "was supported until" if branch.ended(case.today) else "is supported until"
    return f"branch {branch.name} {word} {branch.end_of_life} (source: {branch.source})"
