"""What every format for machines tells: each finding that is no pass, and a stand-in wherever nothing was checked."""

from collections.abc import Iterator
from dataclasses import dataclass

from stackaudit.model.audit import Audit, Judgment
from stackaudit.model.findings import Finding, Outcome, Severity, Verdict, Waived, is_named
from stackaudit.model.places import Place

NOTHING = "audit"
"""What stands where a rule's code would for an audit in which no check ran."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One finding that is no pass, with the check that made it.

    A stand-in's `rule` is the check's own name: the check should have run, and no rule of it was asked. `passes` is True where the gate let
    the check through with it: it was accepted, lies under the threshold, or its unknown is allowed. `sandbox` is True where a throwaway
    copy was audited: each of its sentences says so.
    """

    check: str
    finding: Finding
    passes: bool
    sandbox: bool

    @property
    def accepted(self) -> Waived | None:
        """Why it does not count; only what fails can be accepted."""
        return self.finding.waiver if self.finding.outcome is Outcome.FAIL else None

    @property
    def sentence(self) -> str:
        """One line: what is so, of what, after the word for anything else than a failure."""
        finding = self.finding
        word = "accepted" if self.accepted is not None else finding.outcome.value
        named = finding.subject and not is_named(finding.subject, finding.message)
        said = line(f"{finding.subject}: {finding.message}" if named else finding.message)
        sandbox = "sandbox: " if self.sandbox else ""
        return f"{sandbox}{said}" if word == Outcome.FAIL else f"{sandbox}{word}: {said}"

    @property
    def details(self) -> tuple[str, ...]:
        """A line each for what was accepted, the path that pulls the package in, what to do, and the source."""
        finding = self.finding
        lines = []
        if self.accepted is not None:
            lines.append(f"accepted: {self.accepted.told}")
        lines += [f"via: {' -> '.join(finding.via)}"] if finding.via else []
        lines += [f"fix: {finding.fix}"] if finding.fix else []
        lines += [f"source: {finding.source}"] if finding.source else []
        return tuple(line(each) for each in lines)


def told(audit: Audit) -> tuple[Told, ...]:
    """All that is to be told of `audit`, in the order of its checks. It is empty only where every check that ran passed, and one did."""
    found = tuple(each for judgment in audit.judgments for each in of_check(audit, judgment))
    blind = any(each.finding.outcome is Outcome.UNKNOWN for each in found)
    if audit.verdict is not Verdict.UNKNOWN or blind:
        return found
    reasons = sorted({each.summary for each in audit.judgments})
    said = f"nothing was checked{': ' if reasons else ''}{'; '.join(reasons)}"
    return (
        *found,
        Told(check=NOTHING, finding=_stand_in(NOTHING, said), passes=False, sandbox=audit.case.manifest.sandbox),
    )


def of_check(audit: Audit, judgment: Judgment) -> Iterator[Told]:
    """What is to be told of one check; nothing of one that was skipped."""
    if judgment.verdict is Verdict.SKIPPED:
        return
    findings = [each for each in judgment.findings if each.outcome is not Outcome.PASS]
    if judgment.verdict is Verdict.UNKNOWN and not any(each.outcome is Outcome.UNKNOWN for each in findings):
        findings.append(_stand_in(judgment.check, judgment.summary))
    for each in findings:
        passes = _passes(each, judgment.verdict)
        yield Told(check=judgment.check, finding=each, passes=passes, sandbox=audit.case.manifest.sandbox)


def _stand_in(name: str, message: str) -> Finding:
    return Finding(rule=name, outcome=Outcome.UNKNOWN, severity=Severity.HIGH, subject="", message=message)


def _passes(finding: Finding, verdict: Verdict) -> bool:
    """Whether the check's verdict is no worse for `finding`; where it can't be told from the others, it is not."""
    if finding.outcome is Outcome.UNCHECKABLE:
        return True
    if finding.outcome is Outcome.UNKNOWN:
        return verdict in {Verdict.PASS, Verdict.WARN}
    return verdict is not Verdict.FAIL or finding.waiver is not None


def file_of(audit: Audit, place: Place | None) -> str | None:
    """The file that `place` names, as the repository names it; None where it is none (`environment CELERY_BROKER_URL`)."""
    if place is None or (place.line is None and place.path not in _files(audit)):
        return None
    return _in_repository(audit, place.path)


def home_of(audit: Audit) -> str:
    """What stands for the whole stack where a format asks for a file: the first that declares it, else the audited folder."""
    return _in_repository(audit, next(iter(_files(audit)), "."))


def _files(audit: Audit) -> tuple[str, ...]:
    """The files that declare the stack. A sandbox may be built from a matrix alone: its source is no file then."""
    manifest = audit.case.manifest
    if not manifest.sandbox:
        return manifest.sources
    lined = {each.where.path for each in manifest.requirements if each.where.line is not None}
    return tuple(each for each in manifest.sources if each in lined)


def _in_repository(audit: Audit, path: str) -> str:
    return line(audit.repository.path_of(path) if audit.repository is not None else path)


def line(text: str) -> str:
    """`text` on one line: every character that does not print, line breaks among them, is a space."""
    return "".join(each if each.isprintable() else " " for each in text)
