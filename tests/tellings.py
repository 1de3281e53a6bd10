"""Audits whose findings hold whatever the world may say, for the tests of what tells them to machines."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache

from hypothesis import strategies as st

from stackaudit import sockets
from stackaudit.gate.verdict import decide, overall
from stackaudit.model.audit import Audit, Judgment, Policy
from stackaudit.model.findings import Finding, Outcome, Severity, Verdict, Waived
from stackaudit.model.places import Place
from stackaudit.model.repository import Repository
from stackaudit.model.rule_text import RuleText
from stories import an_audit

NASTY = (
    "::error::pwned",
    "\n::stop-commands::x",
    "\r\n##[error]pwned",
    "x,line=1,title=y",
    "%0A::set-output name=a::b",
    "]]>",
    "</testcase>",
    "[click](https://evil.example)",
    "a\x00b\x1b[31m\x85\u2028c",
    "<script>alert(1)</script>",
    "</details><img src=x onerror=alert(1)>",
    '<details><summary>x</summary>" onclick="alert(1)',
    "<https://evil.example> ![x](https://evil.example)",
    "\ud800",
    "\ufffe",
)
texts = st.sampled_from(NASTY) | st.text(st.characters(exclude_categories=()), max_size=40)
"""Any text at all: control characters, half of a surrogate pair and commands of the runner among it."""

places = st.builds(
    Place, path=st.sampled_from(["requirements.txt", "environment A,B:C"]) | texts, line=st.none() | st.integers(1, 9)
)
findings = st.builds(
    Finding,
    rule=st.sampled_from(["VU101", "MX204", "RD101"]),
    outcome=st.sampled_from(Outcome),
    severity=st.sampled_from(Severity),
    subject=st.sampled_from(["celery==5.4.0", "vine==5.1.0", ""]) | texts,
    message=texts,
    where=st.none() | places,
    fix=st.none() | texts,
    source=st.none() | texts,
    cause=st.none() | st.sampled_from(["the service is silent"]) | texts,
    aliases=st.lists(texts.filter(bool), max_size=2).map(tuple),
    via=st.lists(texts, max_size=2).map(tuple),
    waiver=st.none() | st.builds(Waived, reason=texts, owner=st.none() | texts, until=st.none() | texts),
)
policies = st.builds(
    Policy,
    fail_on=st.sampled_from(Severity),
    allow_unknown=st.sampled_from([frozenset[str](), frozenset({"VU101"}), frozenset({"a"})]),
    require=st.sampled_from([frozenset[str](), frozenset({"skipped"})]),
)


def judged(*checks: Sequence[Finding], policy: Policy | None = None, skipped: str | None = None) -> Audit:
    """The audit of the stories, with a check of its own (`a`, `b`, …) for each list of findings, and perhaps one that was skipped."""
    judgments = [
        Judgment(
            check=name, title=f"Check {name}", verdict=Verdict.UNKNOWN, summary=f"{name} in short", findings=tuple(each)
        )
        for name, each in zip("abcdefgh", checks, strict=False)
    ]
    if skipped is not None:
        judgments.append(Judgment(check="skipped", title="Skipped", verdict=Verdict.SKIPPED, summary=skipped))
    decided = decide(judgments, policy or Policy())
    return replace(told_audit(), judgments=decided, verdict=overall(decided))


@cache
def told_audit() -> Audit:
    """The audit of the stories with the words of the rules, in a folder of its repository, as the command line tells it."""
    words = tuple(
        RuleText(
            code=each.code, title=each.title, severity=each.severity, why=each.why, fix=each.fix, source=each.source
        )
        for each in sockets.rules()
    )
    return replace(an_audit(), rules=words, repository=Repository(root="/src", folder="/src/services/api"))


def a_finding(
    outcome: Outcome = Outcome.FAIL, severity: Severity = Severity.HIGH, *, advisory: str | None = "PYSEC-2099-1"
) -> Finding:
    """What VU101 says of the celery of the stories."""
    return Finding(
        rule="VU101",
        outcome=outcome,
        severity=severity,
        subject="celery==5.4.0",
        message="celery 5.4.0 has it",
        where=Place(path="requirements.txt", line=2),
        fix="celery>=5.4.1",
        aliases=(advisory,) if advisory else (),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What an audit is made of: small enough to be shown where a test fails."""

    checks: Sequence[Sequence[Finding]]
    policy: Policy
    skipped: str | None

    def audit(self) -> Audit:
        return judged(*self.checks, policy=self.policy, skipped=self.skipped)


parts = st.builds(
    Parts,
    checks=st.lists(st.lists(findings, max_size=4), max_size=2),
    policy=policies,
    skipped=st.none() | texts,
)
