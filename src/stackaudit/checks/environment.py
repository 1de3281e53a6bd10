"""Judges the shell that the audit ran in: the account and the environment variables."""

from collections.abc import Iterator, Sequence

from stackaudit.model.audit import Case
from stackaudit.model.facts import Account
from stackaudit.model.findings import Finding, Outcome
from stackaudit.model.manifest import Manifest
from stackaudit.model.parts import Check, Rule, rule


def asked_by(_manifest: Manifest) -> str | None:
    """Always: there is always a shell."""
    return None


def summarize(_case: Case, findings: Sequence[Finding]) -> str:
    """How many of the questions about this shell came out well."""
    wrong = sum(1 for finding in findings if finding.outcome is Outcome.FAIL)
    return f"{wrong} findings about this shell" if wrong else "nothing in this shell misleads the stack"


CHECK = Check(
    id="environment", code="EN", title="Environment and settings", order=80, asked_by=asked_by, summarize=summarize
)


@rule(
    "EN301",
    "The audit does not run as root",
    severity="low",
    reads=[Account],
    why="workers started from the same shell would run as root too; with pickle accepted Celery then refuses to start",
    fix="run it, and the workers, as a user of their own",
    source="https://docs.celeryq.dev/en/stable/userguide/daemonizing.html",
)
def not_root(rule: Rule, case: Case) -> Iterator[Finding]:
    """Root is seen by its user number."""
    for account in case.facts(Account):
        if account.uid == 0:
            yield rule.fails(account.subject, "this shell belongs to root")
