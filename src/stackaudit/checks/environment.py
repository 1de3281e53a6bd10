"""Judges the shell that the audit ran in, and the environment variables that it and the deployment files set."""

from collections.abc import Iterator, Sequence

from stackaudit.model.audit import Case
from stackaudit.model.facts.deployment import Account, Variable
from stackaudit.model.findings import Finding, Outcome
from stackaudit.model.manifest import Manifest
from stackaudit.model.parts import Check, Rule, rule
from stackaudit.model.variables import FORCED_ROOT

DAEMONIZING = "https://docs.celeryq.dev/en/stable/userguide/daemonizing.html"
COMMAND_LINE = "https://docs.celeryq.dev/en/stable/reference/cli.html"

ANYBODYS = ("APP", "BROKER_URL", "CONFIG_MODULE", "LOADER", "RESULT_BACKEND")
"""Variables with names that any program may use, which celery's command line takes for its options."""


def asked_by(_manifest: Manifest) -> str | None:
    """Always: there is always a shell."""
    return None


def summarize(case: Case, findings: Sequence[Finding]) -> str:
    """How many of the stack's variables are set, which files were read, and what is wrong with this shell and with those files."""
    variables = [each for each in case.facts(Variable) if each.shell]
    files = case.manifest.deployment.sources
    failed = [each for each in findings if each.outcome is Outcome.FAIL]
    there = sum(1 for each in failed if _of_files(each))
    wrong = len(failed) - there
    told = {0: "no variable of the stack is set", 1: "1 variable of the stack is set"}.get(
        len(variables), f"{len(variables)} variables of the stack are set"
    )
    accounts = [f"run by {account.name}" for account in case.facts(Account)]
    if not case.facts(Variable) and any(each.outcome is Outcome.UNKNOWN for each in findings):
        told = "who reads this shell's variables could not be seen"
    faults = [f"{wrong} finding{'' if wrong == 1 else 's'} about this shell"] if wrong else []
    if files:
        faults.append(f"{len(files)} deployment file{'' if len(files) == 1 else 's'} read")
    if there:
        faults.append(f"{there} finding{'' if there == 1 else 's'} about deployment and code")
    return "; ".join([told, *accounts, *faults])


def _of_files(finding: Finding) -> bool:
    """Whether it is about what files say; what is about the shell has no place, or the shell's."""
    return finding.where is not None and not finding.where.path.startswith("environment ")


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
        where = variable.places[0] if variable.places and not variable.shell else None
        if not variable.searched:
            yield rule.uncheckable(
                variable.subject,
                "it is set, and with no installed package of the stack there is no source to search for who reads it",
                where=where,
                fix="audit the stack's environment with --python PATH",
            )
        else:
            searched = ", ".join(variable.searched)
            yield rule.fails(
                variable.subject,
                f"it is set, and nothing in {searched} reads it: only code of your own could",
                where=where,
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
        if variable.shell and variable.name in ANYBODYS and ("celery" in variable.readers or not variable.searched):
            yield rule.fails(variable.subject, "it is set, and `celery` started from this shell follows it")


@rule(
    "EN103",
    "No variable overrides what the code says",
    severity="low",
    reads=[],
    about=lambda case: (each.variable for each in case.manifest.deployment.overrides),
    why="Celery lets the variable win: whoever reads or changes the code is looking at a value that is not in force",
    fix="say it in one place: take the value out of the code, or the variable away",
    source="https://docs.celeryq.dev/en/stable/userguide/configuration.html#broker-url",
)
def code_is_in_force(rule: Rule, case: Case) -> Iterator[Finding]:
    """Of settings that the code gives a constant; each variable is told once, with the first place that sets it."""
    told: set[str] = set()
    for each in case.manifest.deployment.overrides:
        if each.differs and each.variable not in told:
            told.add(each.variable)
            message = f"{each.where} sets it, and Celery does not take the {each.setting} of {each.code}"
            yield rule.fails(each.variable, message, where=each.where)


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
    return iter((FORCED_ROOT,))


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
        if variable.shell and variable.name == FORCED_ROOT:
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
