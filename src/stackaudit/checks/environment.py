"""Judges the shell that the audit ran in: the account and the environment variables."""

from collections.abc import Iterator, Sequence

from stackaudit.model.audit import Case
from stackaudit.model.facts.deployment import Account, Variable
from stackaudit.model.findings import Finding, Outcome
from stackaudit.model.manifest import Manifest
from stackaudit.model.parts import Check, Rule, rule

DAEMONIZING = "https://docs.celeryq.dev/en/stable/userguide/daemonizing.html"
COMMAND_LINE = "https://docs.celeryq.dev/en/stable/reference/cli.html"

ANYBODYS = ("APP", "BROKER_URL", "CONFIG_MODULE", "LOADER", "RESULT_BACKEND")
"""Variables with names that any program may use, which celery's command line takes for its options."""

_FORCED_ROOT = "C_FORCE_ROOT"


def asked_by(_manifest: Manifest) -> str | None:
    """Always: there is always a shell."""
    return None


def summarize(case: Case, findings: Sequence[Finding]) -> str:
    """How many of the stack's variables are set, and what is wrong with this shell."""
    variables = case.facts(Variable)
    wrong = sum(1 for finding in findings if finding.outcome is Outcome.FAIL)
    told = {0: "no variable of the stack is set", 1: "1 variable of the stack is set"}.get(
        len(variables), f"{len(variables)} variables of the stack are set"
    )
    accounts = [f"run by {account.name}" for account in case.facts(Account)]
    if not case.facts(Variable) and any(each.outcome is Outcome.UNKNOWN for each in findings):
        told = "who reads this shell's variables could not be seen"
    faults = [f"{wrong} finding{'' if wrong == 1 else 's'} about this shell"] if wrong else []
    return "; ".join([told, *accounts, *faults])


CHECK = Check(
    id="environment", code="EN", title="Environment and settings", order=80, asked_by=asked_by, summarize=summarize
)


def _searched(case: Case) -> Iterator[str]:
    return (each.subject for each in case.facts(Variable) if each.searched or each.readers)


@rule(
    "EN101",
    "Every variable of the stack that is set is read by something",
    severity="low",
    reads=[Variable],
    about=_searched,
    why="a setting that nothing reads looks like it is in force and changes nothing",
    fix="unset it, and set what it was meant to do in the Celery configuration",
    source=COMMAND_LINE,
)
def is_read(rule: Rule, case: Case) -> Iterator[Finding]:
    """By the source of what is installed; code of the user's own is not searched."""
    for variable in case.facts(Variable):
        if variable.readers:
            continue
        if not variable.searched:
            yield rule.uncheckable(
                variable.subject,
                "it is set, and with no installed package of the stack there is no source to search for who reads it",
                fix="audit the stack's environment with --python PATH",
            )
        else:
            searched = ", ".join(variable.searched)
            yield rule.fails(
                variable.subject,
                f"it is set, and nothing in {searched} reads it: only code of your own could",
            )


def _anybodys(_case: Case) -> Iterator[str]:
    """`BROKER_URL` is always asked about: that it is not set is worth knowing too."""
    return iter(ANYBODYS[1:2])


@rule(
    "EN102",
    "No variable of a common name redirects celery's command line",
    severity="low",
    reads=[Variable],
    about=_anybodys,
    why="celery's command line takes it for its own option: a worker started from this shell goes where another program's setting says",
    fix="unset it for the workers; where it is meant for Celery, set CELERY_BROKER_URL or the like, or give the option itself",
    source=COMMAND_LINE,
)
def not_redirected(rule: Rule, case: Case) -> Iterator[Finding]:
    """Where no source was searched, a set BROKER_URL is told all the same: every Celery since 5.0 reads it."""
    for variable in case.facts(Variable):
        if variable.name in ANYBODYS and ("celery" in variable.readers or not variable.searched):
            yield rule.fails(variable.subject, "it is set, and `celery` started from this shell follows it")


def _comparable(case: Case) -> Iterator[str]:
    return (each.subject for each in case.facts(Variable) if each.agrees is not None)


@rule(
    "EN201",
    "The broker variables name the broker that is audited",
    severity="low",
    reads=[Variable],
    about=_comparable,
    why="Celery lets the variable win over what the code says: a worker started from this shell uses another broker than the audited one",
    fix="unset the variable, or audit the broker that it names",
    source="https://docs.celeryq.dev/en/stable/userguide/configuration.html#broker-url",
)
def names_the_broker(rule: Rule, case: Case) -> Iterator[Finding]:
    """Logins are not compared."""
    broker = case.manifest.endpoint("broker")
    for variable in case.facts(Variable):
        if variable.agrees is False and broker is not None:
            yield rule.fails(
                variable.subject, f"it names another broker than {broker.subject}, which {broker.where} names"
            )


def _forced_root(_case: Case) -> Iterator[str]:
    return iter((_FORCED_ROOT,))


@rule(
    "EN202",
    "Celery is not told to run as root",
    severity="low",
    reads=[Variable],
    about=_forced_root,
    why="with C_FORCE_ROOT a worker that accepts pickle runs as root: who can write to the broker can then do anything on the machine",
    fix="unset it, and run the workers as a user of their own",
    source=DAEMONIZING,
)
def not_forced(rule: Rule, case: Case) -> Iterator[Finding]:
    """Celery asks for nothing but that it is set."""
    for variable in case.facts(Variable):
        if variable.name == _FORCED_ROOT:
            yield rule.fails(variable.subject, "it is set in this shell")


@rule(
    "EN301",
    "The audit does not run as root",
    severity="low",
    reads=[Account],
    why="workers started from the same shell would run as root too; with pickle accepted Celery then refuses to start",
    fix="run it, and the workers, as a user of their own",
    source=DAEMONIZING,
)
def not_root(rule: Rule, case: Case) -> Iterator[Finding]:
    """Root is seen by its user number."""
    for account in case.facts(Account):
        if account.uid == 0:
            yield rule.fails(account.subject, "this shell belongs to root")
