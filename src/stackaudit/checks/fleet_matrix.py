"""Holds the workers of a fleet against the matrix: are their versions known, and do they go together."""

from collections.abc import Iterable, Iterator

from stackaudit.checks import admission, bounds, combinations
from stackaudit.checks._breach import Breach
from stackaudit.checks._fleet import named, row_of, running, sets, subject
from stackaudit.checks._row import Row
from stackaudit.model.audit import Case
from stackaudit.model.facts.fleet import VersionSet
from stackaudit.model.findings import Finding, Severity
from stackaudit.model.parts import Rule, rule
from stackaudit.model.versions import parse_version


@rule(
    "FL401",
    "The matrix lists every version of the stack that the workers run",
    severity="medium",
    reads=[VersionSet],
    about=lambda case: [
        subject(name, version)
        for name, version, _ in running(case)
        if case.matrix is not None and case.matrix.package(name) is not None
    ],
    why="of a version that the matrix does not list, nobody has said that it goes with the others",
    fix="use a listed version, or have the matrix extended",
)
def listed(rule: Rule, case: Case) -> Iterator[Finding]:
    """A newer patch of a covered series is a note."""
    for name, text, nodes in running(case):
        entry = case.matrix.package(name) if case.matrix is not None else None
        if entry is None or case.matrix is None:
            continue
        version = parse_version(text)
        found = entry.range_of(version) if version is not None else None
        by = f"the matrix {case.matrix.name} of {case.matrix.looked_at}"
        if version is None or found is None:
            message = f"{named(nodes)}: {name} {text} runs there, for which {by} does not vouch"
            yield rule.fails(subject(name, text), message, source=entry.source)
        elif version not in {*(each for each, _ in found.releases), *found.yanked, *entry.withdrawn}:
            message = f"{named(nodes)}: {name} {text} runs there, which {by} covers and does not list itself"
            yield rule.fails(subject(name, text), message, source=entry.source, severity=Severity.LOW)


def _covered(case: Case) -> Iterable[str]:
    rows = (row_of(case, each) for each in sets(case))
    return [
        subject(entry.name, str(version)) for here in rows if here is not None for entry, version, _ in here.covered()
    ]


def _breaches(here: Row) -> Iterator[Breach]:
    def absent(name: str) -> bool:
        return here.whole and name not in here.versions

    yield from combinations.faults(here)
    for kind in ("hard", "extra", "runtime"):
        yield from bounds.breaches(here, kind, absent)
    yield from admission.refused(here)


@rule(
    "FL402",
    "What each worker runs goes together",
    severity="high",
    reads=[VersionSet],
    about=_covered,
    why="its makers say that it does not work with that version, or others met the fault in exactly this combination",
    fix="deploy versions that admit each other",
)
def goes_together(rule: Rule, case: Case) -> Iterator[Finding]:
    """The bounds and the known-bad rules of the matrix, for each version set; what several sets break is told once."""
    met: dict[tuple[str, str], tuple[Breach, str, list[str]]] = {}
    for each in sets(case):
        here = row_of(case, each)
        for breach in _breaches(here) if here is not None else ():
            holder = subject(breach.holder, str(here.versions[breach.holder])) if here is not None else breach.holder
            met.setdefault((holder, breach.sentence), (breach, holder, []))[2].extend(each.nodes)
    for breach, holder, nodes in met.values():
        yield rule.fails(
            holder,
            f"{named(nodes)}: {breach.sentence}",
            fix=breach.fix,
            severity=breach.severity,
            source=breach.source,
            why=breach.why,
            aliases=breach.aliases,
        )
