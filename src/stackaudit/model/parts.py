"""The sockets' plugs: a probe, a check, a rule and a renderer are each a function and the few words needed to place it."""

from collections.abc import Callable, Iterable, Iterator, Sequence

from stackaudit.model.audit import Audit, Case
from stackaudit.model.deadline import Deadline
from stackaudit.model.facts.environment import Distribution, InterpreterFact
from stackaudit.model.facts.fact import Fact
from stackaudit.model.findings import Finding, Outcome, Severity
from stackaudit.model.manifest import Manifest
from stackaudit.model.matrix import Rung
from stackaudit.model.places import Place
from stackaudit.model.snapshot import F, Look, Snapshot
from stackaudit.model.values import dataclass

ENVIRONMENT_FACTS: frozenset[type[Fact]] = frozenset({InterpreterFact, Distribution})
"""What only an environment can show; nobody looks for it where requirement files alone are audited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """All that a probe is given: the manifest, the looks whose facts it reads, and the moment after which nothing may be waited for."""

    manifest: Manifest
    seen: Snapshot
    deadline: Deadline

    def facts(self, kind: type[F]) -> tuple[F, ...]:
        """The facts of `kind`; empty unless the probe declares that it reads them."""
        return self.seen.facts(kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class Probe:
    """A function that looks at the world and yields looks.

    It starts when every probe that yields what it `reads` is done. `collect` returns no look where it has nothing to ask (no endpoint, no
    environment). `child` runs it in a process of its own that is killed at the deadline: for whatever talks to a socket.
    `serves` tells whether it is the one to look for what a manifest declares, where several yield the same facts (the engines).
    `follows` are those of the facts it reads that it has nobody look for: it runs only where they are looked for anyway.
    """

    name: str
    title: str
    reads: tuple[type[Fact], ...]
    yields: tuple[type[Fact], ...]
    collect: Callable[[Visit], Sequence[Look]]
    child: bool = False
    follows: tuple[type[Fact], ...] = ()
    serves: Callable[[Manifest], bool] = lambda _manifest: True


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One question about the stack. `code` is the prefix of its rules.

    `asked_by` returns None where the check is to run, else the reason why it is skipped. `summarize` says in one line what was found.
    `rungs` gives, for a case, how strong the evidence behind a pass of a subject is: for a check that stands on a matrix.
    """

    id: str
    code: str
    title: str
    order: int
    asked_by: Callable[[Manifest], str | None]
    summarize: Callable[[Case, Sequence[Finding]], str]
    rungs: Callable[[Case], Callable[[str], Rung | None]] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One sentence that should hold.

    `reads` are the facts it looks at. `about` names the subjects that were asked about and seen: those of them that the rule does not fail
    and that nothing blinds get a pass, granted by `stackaudit.audit.judge` and nobody else. `judge` yields only what is wrong.
    `asked_by` is a check's: where it returns a reason, this one rule is not asked (a rule that needs an environment, with files alone).
    `rung` is what a pass of this rule itself proves, where it is about other versions than those audited; None where the check says it.
    `permission` is the least that a service must let the audit's user do for this rule to be judged, in the service's own words; None where
    that is nothing. `by_subject` says that `judge` itself tells each subject that was not seen, and `about` names none of them: what blinds
    a whole look blinds no subject of which something else was seen then. `told_only` says that it finds nothing but what nobody can check:
    then there is nothing to let through. `follows` says that its facts are a probe's that follows others': where nobody looked for
    them it finds nothing and passes nothing, and another rule tells that.
    """

    code: str
    title: str
    severity: Severity
    reads: tuple[type[Fact], ...]
    about: Callable[[Case], Iterable[str]]
    why: str
    fix: str
    source: str | None
    judge: Callable[["Rule", Case], Iterator[Finding]]
    asked_by: Callable[[Manifest], str | None] | None = None
    rung: Rung | None = None
    permission: str | None = None
    by_subject: bool = False
    told_only: bool = False
    follows: bool = False

    def needs(self, manifest: Manifest) -> frozenset[type[Fact]]:
        """The facts without which this rule can't be applied to `manifest`; empty where it is not asked.

        With requirement files alone there is no environment to look at: the pins stand in for what is installed.
        """
        if self.asked_by is not None and self.asked_by(manifest) is not None:
            return frozenset()
        return frozenset(self.reads) - (frozenset() if manifest.interpreter is not None else ENVIRONMENT_FACTS)

    def fails(  # noqa: PLR0913 - keywords that each replace one word of the rule
        self,
        subject: str,
        message: str,
        *,
        where: Place | None = None,
        fix: str | None = None,
        severity: Severity | None = None,
        source: str | None = None,
        why: str | None = None,
        cause: str | None = None,
        aliases: tuple[str, ...] = (),
        via: tuple[str, ...] = (),
    ) -> Finding:
        """A finding that `subject` breaks this rule; `fix`, `severity`, `source` and `why` replace the rule's own.

        `cause` is the same text for findings of several rules that one thing makes: a person is told the worst of them once.
        """
        return Finding(
            rule=self.code,
            outcome=Outcome.FAIL,
            severity=severity or self.severity,
            subject=subject,
            message=message,
            where=where,
            why=why,
            fix=fix or self.fix,
            source=source or self.source,
            cause=cause,
            aliases=aliases,
            via=via,
        )

    def uncheckable(
        self,
        subject: str,
        message: str,
        *,
        where: Place | None = None,
        fix: str | None = None,
        cause: str | None = None,
    ) -> Finding:
        """A finding that nobody could tell from here whether `subject` keeps this rule: told, never gates; `cause` as in `fails`."""
        return Finding(
            rule=self.code,
            outcome=Outcome.UNCHECKABLE,
            severity=Severity.LOW,
            subject=subject,
            message=message,
            where=where,
            fix=fix,
            cause=cause,
        )


def rule(  # noqa: PLR0913 - the words that place a rule, each by name
    code: str,
    title: str,
    *,
    severity: str,
    reads: Sequence[type[Fact]],
    why: str,
    fix: str,
    about: Callable[[Case], Iterable[str]] | None = None,
    source: str | None = None,
    asked_by: Callable[[Manifest], str | None] | None = None,
    rung: Rung | None = None,
    permission: str | None = None,
    told_only: bool = False,
    follows: bool = False,
) -> Callable[[Callable[[Rule, Case], Iterator[Finding]]], Rule]:
    """Make a rule of a function that yields what is wrong.

    Without `about`, the rule is about every fact of the first type that it reads.
    """

    def about_facts(case: Case) -> Iterable[str]:
        return (fact.subject for fact in case.facts(reads[0]))

    def wrap(judge: Callable[[Rule, Case], Iterator[Finding]]) -> Rule:
        return Rule(
            code=code,
            title=title,
            severity=Severity(severity),
            reads=tuple(reads),
            about=about or about_facts,
            why=why,
            fix=fix,
            source=source,
            judge=judge,
            asked_by=asked_by,
            rung=rung,
            permission=permission,
            told_only=told_only,
            follows=follows,
        )

    return wrap


@dataclass(frozen=True, slots=True, kw_only=True)
class Renderer:
    """A function from an audit to text. `suffixes` are the file name endings that choose it for `-o`, longest first."""

    name: str
    suffixes: tuple[str, ...]
    render: Callable[[Audit], str]
