"""Judges what became of the rows of a matrix when they were installed and imported."""

from collections.abc import Iterator

from stackaudit.model.audit import Case
from stackaudit.model.facts.rows import RowImport, RowInstall
from stackaudit.model.findings import Finding
from stackaudit.model.matrix import Rung
from stackaudit.model.parts import Rule, rule


@rule(
    "DR102",
    "What an installer took for the row is installed, and agrees with itself",
    severity="high",
    reads=[RowInstall],
    why="what was proved would be proved of another combination than the one that is written down",
    fix="derive the matrix again, or write down as a demand or a known fault what it does not know yet",
    rung=Rung.IMPORTED,
)
def installs(rule: Rule, case: Case) -> Iterator[Finding]:
    """Exactly what was taken, no package more or less."""
    for fact in case.facts(RowInstall):
        missing = sorted(f"{name}=={version}" for name, version in set(fact.taken) - set(fact.packages))
        more = sorted(f"{name}=={version}" for name, version in set(fact.packages) - set(fact.taken))
        if missing or more:
            words = [f"{', '.join(missing)} is not there" if missing else "", f"{', '.join(more)} is" if more else ""]
            yield rule.fails(
                fact.subject, f"what was installed is not what was taken: {'; '.join(filter(None, words))}"
            )
        elif fact.broken is not None:
            yield rule.fails(fact.subject, f"the installed packages do not go together: {fact.broken}")


@rule(
    "DR103",
    "The packages of the row can be imported on its Python",
    severity="high",
    reads=[RowImport, RowInstall],
    why="what cannot be imported cannot run, whatever its metadata promised",
    fix="write it down as a known fault of these versions on this Python",
    rung=Rung.IMPORTED,
)
def imports(rule: Rule, case: Case) -> Iterator[Finding]:
    """Each by the statement that a program which uses it begins with, else by its modules."""
    tried = {fact.subject for fact in case.facts(RowImport)}
    for install in case.facts(RowInstall):
        for name in install.row:
            subject = f"{install.cell} {name}"
            if subject not in tried:
                yield rule.uncheckable(
                    subject, f"{name} says of no module that it is its own: nothing could be imported"
                )
    for fact in case.facts(RowImport):
        if fact.problem is not None:
            yield rule.fails(fact.subject, f"`{fact.statement}` ends in {fact.problem}")
