"""What every format for machines tells: each finding that is no pass, many workers' as one, and a stand-in where nothing was checked."""

from collections.abc import Iterator, Sequence

from stackaudit.model.audit import Audit, Judgment
from stackaudit.model.findings import Finding, Outcome, Severity, Verdict, Waived, named_before
from stackaudit.model.places import Place
from stackaudit.model.values import dataclass
from stackaudit.reports._nodes import nodes_of

NOTHING = "audit"
"""What stands where a rule's code would for an audit in which no check ran."""


_MOST_MESSAGES = 3
"""How many messages of one rule about many workers are told in a sentence before they are only counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One finding that is no pass, or what one rule finds of several workers; with the check that made it.

    Of workers `members` are all that one rule, outcome, severity and place have in common: how many there are, and what they are called,
    is another thing with each deployment. A stand-in's `rule` is the check's own name: the check should have run, and no rule of it was
    asked. `passes` is True where the gate let the check through with it: it was accepted, lies under the threshold, or its unknown is
    allowed. `sandbox` is True where a throwaway copy was audited: each of its sentences says so. `blinded` are the rules of the check that
    could not be asked because of what failed here: it is one fault, and told once.
    """

    check: str
    members: tuple[Finding, ...]
    passes: bool
    sandbox: bool
    of_workers: bool = False
    blinded: tuple[str, ...] = ()

    @property
    def finding(self) -> Finding:
        """The first of the members, which stands for the others."""
        return self.members[0]

    @property
    def subjects(self) -> tuple[str, ...]:
        """What the members are about, each once."""
        return _subjects(self.members)

    @property
    def subject(self) -> str:
        """What it is about: the one subject, or how many workers."""
        return self.subjects[0] if len(self.subjects) == 1 else f"{len(self.subjects)} workers"

    @property
    def cause(self) -> str | None:
        """What made all of its members; None where that is not one thing."""
        return self.finding.cause if len({each.cause for each in self.members}) == 1 else None

    @property
    def accepted(self) -> Waived | None:
        """Why it does not count; only what fails can be accepted."""
        return self.finding.waiver if self.finding.outcome is Outcome.FAIL else None

    @property
    def sentence(self) -> str:
        """One line: what is so, of what, after the word for anything else than a failure."""
        word = "accepted" if self.accepted is not None else self.finding.outcome.value
        alike = self._alike()
        more = len(alike) - _MOST_MESSAGES
        said = [f"{named_before(subjects, message)}{message}" for message, subjects in alike[:_MOST_MESSAGES]]
        said += [f"and {more} more such finding{'s' * (more != 1)}"] if more > 0 else []
        sandbox = "sandbox: " if self.sandbox else ""
        told = line("; ".join(said))
        return f"{sandbox}{told}" if word == Outcome.FAIL else f"{sandbox}{word}: {told}"

    @property
    def details(self) -> tuple[str, ...]:
        """A line each for what was accepted, what is so of which worker, the path that pulls the package in, what to do, and the source."""
        lines = []
        if self.accepted is not None:
            lines.append(f"accepted: {self.accepted.told}")
        if len(self.subjects) > 1:
            lines += [f"{message}: {', '.join(filter(None, subjects))}" for message, subjects in self._alike()]
        lines += [f"not asked, by the same cause: {', '.join(self.blinded)}"] if self.blinded else []
        lines += [f"via: {' -> '.join(self.finding.via)}"] if self.finding.via else []
        lines += [f"fix: {each}" for each in dict.fromkeys(each.fix for each in self.members) if each]
        lines += [f"source: {each}" for each in dict.fromkeys(each.source for each in self.members) if each]
        return tuple(line(each) for each in lines)

    def _alike(self) -> list[tuple[str, tuple[str, ...]]]:
        """Each message of the members, with the subjects that it is said of."""
        messages = dict.fromkeys(each.message for each in self.members)
        return [(said, _subjects([each for each in self.members if each.message == said])) for said in messages]


def _subjects(findings: Sequence[Finding]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(each.subject for each in findings))


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
        Told(check=NOTHING, members=(_stand_in(NOTHING, said),), passes=False, sandbox=audit.case.manifest.sandbox),
    )


def of_check(audit: Audit, judgment: Judgment) -> Iterator[Told]:
    """What is to be told of one check; nothing of one that was skipped."""
    if judgment.verdict is Verdict.SKIPPED:
        return
    findings = [each for each in judgment.findings if each.outcome is not Outcome.PASS]
    if judgment.verdict is Verdict.UNKNOWN and not any(each.outcome is Outcome.UNKNOWN for each in findings):
        findings.append(_stand_in(judgment.check, judgment.summary))
    blinded = _blinded(findings, judgment.verdict)
    findings = [each for each in findings if each.outcome is not Outcome.UNKNOWN or each.cause not in blinded]
    nodes = nodes_of(audit.case)
    groups: dict[tuple[object, ...], list[Finding]] = {}
    for number, each in enumerate(findings):
        groups.setdefault(_shared(each) if each.subject in nodes else (number,), []).append(each)
    for members in groups.values():
        yield Told(
            check=judgment.check,
            members=tuple(members),
            passes=_passes(members[0], judgment.verdict),
            sandbox=audit.case.manifest.sandbox,
            of_workers=members[0].subject in nodes,
            blinded=tuple(
                dict.fromkeys(rule for each in members if _counts(each) for rule in blinded.get(each.cause, ()))
            ),
        )


def _blinded(findings: Sequence[Finding], verdict: Verdict) -> dict[str | None, tuple[str, ...]]:
    """By cause, the rules that what failed kept from being asked; of what does not count, nothing: its unknown is what counts then."""
    causes = {each.cause for each in findings if _counts(each)} - {None} if verdict is Verdict.FAIL else set()
    unknown = [each for each in findings if each.outcome is Outcome.UNKNOWN]
    return {cause: tuple(sorted({each.rule for each in unknown if each.cause == cause})) for cause in causes}


def _counts(finding: Finding) -> bool:
    return finding.outcome is Outcome.FAIL and finding.waiver is None


def _shared(finding: Finding) -> tuple[object, ...]:
    """What findings about workers have in common that are told as one."""
    return finding.rule, finding.outcome, finding.severity, finding.where, finding.waiver, finding.lane


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
