"""Two audits held against each other, from their cases: judged by the real checks, as the command does it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from stackaudit import sockets
from stackaudit.audit import judge
from stackaudit.gate.changes import case_before
from stackaudit.gate.differences import compare
from stackaudit.gate.held import Held
from stackaudit.gate.verdict import decide, overall
from stackaudit.gate.waivers import waive
from stackaudit.model.audit import Audit, Case, Judgment, Policy, Saved
from stackaudit.model.differences import Difference, Differences
from stackaudit.model.facts.advised import Advisory, Audited
from stackaudit.model.facts.fact import Fact
from stackaudit.model.findings import Verdict
from stackaudit.model.manifest import Manifest, Requirement
from stackaudit.model.parts import Check
from stackaudit.model.places import Place
from stackaudit.model.snapshot import Look, Snapshot
from stackaudit.model.wire import digest, encode
from stories import NOW, look

CHECKS = tuple(each for each in sockets.checks() if each.id in {"vulnerabilities", "matrix"})
READ = tuple(sorted({kind.__name__ for check in CHECKS for rule in sockets.rules_of(check) for kind in rule.reads}))
LEAK = Advisory(id="PYSEC-2099-1", aliases=("CVE-2099-1",), summary="it leaks", fixed_in=("9.0",))
DAY = date(2026, 11, 22)


def a_case(
    pins: Mapping[str, str],
    advisories: Mapping[str, Sequence[Advisory]] | None = None,
    *,
    looks: Sequence[Look] | None = None,
    facts: Sequence[Fact] = (),
    today: date = DAY,
) -> Case:
    """Pins in a file, what an advisory service said of each, and whatever else was seen."""
    requirements = tuple(
        Requirement(
            name=canonicalize_name(name),
            specifier=SpecifierSet(f"=={version}"),
            pin=Version(version),
            where=Place(path="requirements.txt", line=line),
        )
        for line, (name, version) in enumerate(pins.items(), 1)
    )
    audited = [
        Audited(
            name=canonicalize_name(name),
            version=version,
            service="OSV",
            advisories=tuple((advisories or {}).get(name, ())),
        )
        for name, version in pins.items()
    ]
    own = (
        look("pip_audit", *audited, yields=READ),
        *([look("world", *facts)] if facts else []),
    )
    return Case(
        manifest=Manifest(requirements=requirements, sources=("requirements.txt",)),
        snapshot=Snapshot(taken_at=NOW, host="", looks=own if looks is None else tuple(looks)),
        matrix=None,
        today=today,
    )


def an_audit_of(case: Case, checks: Sequence[Check] = CHECKS, policy: Policy | None = None) -> Audit:
    """`case`, judged by `checks`."""
    judgments = decide(waive(judge(case, checks), policy or Policy(), case), policy or Policy())
    return audit_with(case, judgments)


def audit_with(case: Case, judgments: Sequence[Judgment]) -> Audit:
    """`case` with these judgments."""
    return Audit(
        tool_version="0.0",
        started_at=NOW,
        finished_at=NOW,
        case=case,
        judgments=tuple(judgments),
        verdict=overall(judgments),
    )


def held(name: str, audit: Audit, other: Audit) -> Held:
    """`audit` as the command makes it ready to be held against `other`."""
    ran = {each.check for each in audit.judgments if each.verdict is not Verdict.SKIPPED}
    checks = [each for each in sockets.checks() if each.id in ran]
    saved = Saved(audit=audit, digest=digest({"case": encode(counted(audit)), "checks": encode(audit.judgments)}))
    return Held(
        name=name,
        saved=saved,
        asked=frozenset(rule.code for check in checks for rule in sockets.rules_of(check)),
        again=judge(case_before(saved.recorded, other.case), checks),
    )


def counted(audit: Audit) -> tuple[object, ...]:
    """What of a case counts in a digest, here as in a record."""
    return (
        audit.case.manifest,
        audit.case.snapshot.looks,
        audit.case.matrix and (audit.case.matrix.name, audit.case.matrix.sha256),
    )


def differences(old: Audit, new: Audit) -> Differences:
    """What differs from `old` to `new`."""
    return compare(held("old.json", old, new), held("new.json", new, old))


def mirrored(differences: Differences) -> tuple[Difference, ...]:
    """What differs, were old and new exchanged."""
    found = (replace(each, before=each.after, after=each.before) for each in differences.found)
    return tuple(sorted(found, key=lambda each: each.order))
