"""Judges what was done to the rows of a matrix in order to prove them."""

from collections.abc import Iterator

from packaging.utils import canonicalize_name

from stackaudit.model.audit import Case
from stackaudit.model.facts.published import RowResolution
from stackaudit.model.findings import Finding
from stackaudit.model.matrix import Rung
from stackaudit.model.parts import Rule, rule
from stackaudit.model.versions import parse_requirement, pin_of


@rule(
    "DR101",
    "An installer resolves the row",
    severity="high",
    reads=[RowResolution],
    why="what no installer takes can't be installed afresh, whatever the metadata of its packages promised one by one",
    fix="derive the matrix again, or write down as a demand or a known fault what it does not know yet",
    rung=Rung.RESOLVED,
)
def resolves(rule: Rule, case: Case) -> Iterator[Finding]:
    """An installer that says yes must also have taken the very versions of the row."""
    for fact in case.facts(RowResolution):
        pins = filter(None, map(parse_requirement, fact.row))
        wanted = {(canonicalize_name(each.name), pin_of(each.specifier)) for each in pins}
        missing = sorted(f"{name}=={version}" for name, version in wanted - set(fact.packages))
        if fact.refused is not None:
            yield rule.fails(fact.subject, f"no installer takes {', '.join(fact.row)}: {fact.refused}")
        elif missing:
            yield rule.fails(fact.subject, f"the installer answered, and did not take {', '.join(missing)}")
