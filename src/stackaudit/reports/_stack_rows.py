"""The packages of the stack as the document shows them: what is declared, installed and released, and what was said of each."""

from collections.abc import Iterator

from stackaudit.model.audit import Audit
from stackaudit.model.facts.environment import Distribution
from stackaudit.model.facts.published import Release
from stackaudit.model.findings import Outcome, Verdict
from stackaudit.model.matrix import PackageEntry, Rung
from stackaudit.model.values import dataclass
from stackaudit.model.versions import parse_version
from stackaudit.reports._raw import Raw, to_evidence

PROOFS = "matrix proofs"
"""What the row of the evidence is called that tells what was proved of the combination."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One package of the stack; every field is plain text, `-` where nothing is known. `evidence` links what its status stands on."""

    name: str
    declared: str
    installed: str
    released: str
    status: str
    role: str
    source: str
    evidence: Raw


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell of the compatibility matrix: the version, and what its published metadata says of that Python."""

    version: str
    says: str


def rows(audit: Audit) -> Iterator[Row]:
    """The packages of the stack: what is declared, what is installed, and what the rules about them said."""
    case = audit.case
    if case.matrix is None:
        return
    installed = {each.name: each.version for each in case.facts(Distribution)}
    pinned = {each.name: each.version for each in case.packages()}
    releases = {(each.name, each.version): each for each in case.facts(Release)}
    for entry in case.matrix.packages:
        pins = sorted({str(each.pin or each.specifier or "any version") for each in case.requirements_of(entry.name)})
        version = installed.get(entry.name) or pinned.get(entry.name)
        release = releases.get((entry.name, version or ""))
        status = status_of(audit, entry.name, version)
        yield Row(
            name=entry.name,
            declared=", ".join(pins) or "-",
            installed=installed.get(entry.name, "-"),
            released=release.uploaded_at.date().isoformat()
            if release and release.uploaded_at
            else _listed_date(entry, version),
            status=status,
            role=entry.role,
            source=entry.source,
            evidence=_evidence(audit, status),
        )


def _evidence(audit: Audit, status: str) -> Raw:
    looks = next((each.evidence for each in audit.judgments if each.check == "matrix"), ())
    asked = dict.fromkeys(look.partition(".")[0] for look in looks)
    proofs = (PROOFS,) if status.startswith("✅") else ()
    return to_evidence([*asked, *proofs]) if status != "not checked" else Raw("-")


def _listed_date(entry: PackageEntry, version: str | None) -> str:
    parsed = parse_version(version) if version else None
    day = dict(entry.listed()).get(parsed) if parsed else None
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


def grid_head(audit: Audit) -> tuple[str, ...]:
    """The packages that the cells of `grid` are of, in their order."""
    case = audit.case
    seen = {each.name for each in case.stack_packages()}
    return tuple(entry.name for entry in case.matrix.packages if entry.name in seen) if case.matrix else ()


def _together(audit: Audit, python: str) -> str:
    """What was proved of the stack's versions together; a combination that fails here has a tick nowhere."""
    case = audit.case
    proof = case.proof_on(python)
    if proof is None:
        return "not proved"
    told = proof.told(case.interpreter.platform if case.interpreter is not None else None)
    failed = any(each.check == "matrix" and each.verdict is Verdict.FAIL for each in audit.judgments)
    return told if failed or not proof.rung.earns_tick else f"✅ {told}"


def _cell(entry: PackageEntry, version: str, python: str) -> Cell:
    parsed = parse_version(version)
    covered = entry.range_of(parsed) if parsed else None
    if covered is None:
        return Cell(version=version, says="not in the matrix")
    if not covered.requires_python.contains(python):
        return Cell(version=version, says="forbidden")
    return Cell(version=version, says="published" if python in covered.pythons else "admitted, not named")
