"""One check as a section of the document tells it, and what the scanners of vulnerabilities were asked."""

from collections.abc import Iterator, Sequence

from stackaudit.model.audit import Audit, Judgment
from stackaudit.model.facts.advised import Answered, Audited, FreshAudited
from stackaudit.model.findings import Finding, Outcome, Verdict
from stackaudit.model.values import dataclass
from stackaudit.reports._marks import mark_of
from stackaudit.reports._raw import Raw, to_evidence

_ORDER = (Outcome.FAIL, Outcome.UNKNOWN, Outcome.UNCHECKABLE, Outcome.PASS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One check as a section tells it: its mark, what was found, the links to its evidence, and a line a finding that is no pass."""

    mark: str
    summary: str
    evidence: Raw
    findings: tuple[tuple[str | Raw, ...], ...]


def evidence_of(judgment: Judgment) -> Raw:
    """Links to what the verdict stands on: what was asked of the world, else what is declared."""
    if judgment.evidence:
        return to_evidence(each.partition(".")[0] for each in judgment.evidence)
    if judgment.verdict is Verdict.SKIPPED:
        return Raw("-")
    return Raw("[waivers](#waivers-in-force)" if judgment.check == "waivers" else "[what is declared](#overview)")


def part_of(judgment: Judgment | None) -> Part | None:
    """`judgment` for its section, None where there is none: findings worst first."""
    if judgment is None:
        return None
    found = sorted(judgment.findings, key=lambda each: (_ORDER.index(each.outcome), -each.severity.rank))
    told = tuple(_told(each) for each in found if each.outcome is not Outcome.PASS)
    return Part(mark=mark_of(judgment), summary=judgment.summary, evidence=evidence_of(judgment), findings=told)


def _told(finding: Finding) -> tuple[str | Raw, ...]:
    word = finding.severity.value if finding.outcome is Outcome.FAIL else finding.outcome.value
    accepted = ", accepted" if finding.waiver is not None else ""
    path = " → ".join((*finding.via, finding.subject)) if finding.via else "-"
    return finding.subject or "all", f"{word}{accepted}", finding.message, path


def scans(audit: Audit) -> Iterator[tuple[str | Raw, ...]]:
    """Who was asked about vulnerabilities, and what came of it: tool and version, what was asked, how many packages were audited."""
    for look in audit.case.snapshot.looks:
        if {Audited.__name__, FreshAudited.__name__} & set(look.yields):
            services = sorted({each.service for each in look.facts if isinstance(each, Answered)})
            audited = sum(1 for each in look.facts if isinstance(each, Answered))
            yield look.evidence.named, look.asked, ", ".join(services) or "-", str(audited), to_evidence([look.probe])


def clean_packages(audit: Audit) -> tuple[str, ...]:
    """The packages that were audited and have no known vulnerability: those that the rules passed, and no others."""
    judgment = next((each for each in audit.judgments if each.check == "vulnerabilities"), None)
    found: Sequence[Finding] = judgment.findings if judgment is not None else ()
    dirty = {each.subject for each in found if each.outcome is not Outcome.PASS}
    # What else the check passes, such as a copy of advisories that is new enough, is no package.
    audited = {each.subject for each in audit.case.facts(Audited)}
    return tuple(sorted(({each.subject for each in found if each.outcome is Outcome.PASS} & audited) - dirty))
