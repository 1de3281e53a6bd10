"""Holds the stack against the combinations that the matrix knows to break."""

from collections.abc import Iterator

from packaging.specifiers import SpecifierSet

from stackaudit.checks import _breach
from stackaudit.checks._breach import Breach
from stackaudit.checks._mending import mended
from stackaudit.checks._misfit import Misfit
from stackaudit.checks._row import Row
from stackaudit.checks._stack import about_covered, row
from stackaudit.model.audit import Case
from stackaudit.model.facts.environment import Distribution, InterpreterFact
from stackaudit.model.findings import Finding
from stackaudit.model.known_bad import Exposure, KnownBad
from stackaudit.model.parts import Rule, rule
from stackaudit.model.versions import lowest, written

EXPOSED = {
    Exposure.STATIC: "the versions alone show it",
    Exposure.IMPORT: "the first import shows it",
    Exposure.SMOKE: "a worker that is started, or the first task, shows it; no check of metadata does",
    Exposure.DRILL: "no test that goes well shows it: it takes a fault, such as a broker that restarts",
}
"""What it takes to meet a fault, as a sentence for those who wonder why nothing was seen so far."""


def about_packages(known: KnownBad) -> bool:
    """Whether a rule is about packages alone; what it needs of servers, programs and settings is for their checks to see."""
    conditions = [known.when, *([known.unless] if known.unless is not None else [])]
    return bool(known.names) and not any(each.services or each.programs or each.settings for each in conditions)


def told(here: Row, known: KnownBad) -> str:
    """`kombu 5.3.7 with celery 5.4.0 on Python 3.11: after a restart ...`."""
    first, *others = (f"{name} {here.versions[name]}" for name in known.names)
    beside = f" with {' and '.join(others)}" if others else ""
    without = f" without {' and '.join(lacking)}" if (lacking := _lacking(known)) else ""
    python = f" on Python {here.minor}" if known.when.python is not None else ""
    reported = "reported, not reproduced: " if known.reported else ""
    return f"{first}{beside}{without}{python}: {reported}{known.symptom}"


def _lacking(known: KnownBad) -> tuple[str, ...]:
    """The packages whose absence makes it break."""
    return tuple(name for name, _ in known.unless.packages) if known.unless is not None else ()


def _cause(here: Row, known: KnownBad) -> str | None:
    """A missing package is missing whoever tells it; of versions side by side each rule has a symptom of its own."""
    lacking = _lacking(known)
    if len(lacking) != 1:
        return None
    holder = known.names[0]
    return Misfit(holder=holder, version=str(here.versions[holder]), name=lacking[0], wanted="", found=None).cause


def remedy(here: Row, known: KnownBad) -> str | None:
    """The pins that clear it by the matrix, else what its rule says of where it is mended, else one of those that never go together."""
    match known.when.packages:
        case ((one, ""), (other, "")) if not known.fixed_in:
            return f"keep one of {one} and {other}, and take the other out"
    return mended(here, known, alone=True) or _installed(known) or mended(here, known) or _taken(here, known)


def _installed(known: KnownBad) -> str | None:
    """What to install where it is the absence of a package that makes it break."""
    fixed = dict(known.fixed_in)
    wanted = known.unless.packages if known.unless is not None else ()
    texts = (f"`{name}{written(SpecifierSet(fixed.get(name, versions)))}`" for name, versions in wanted)
    return f"install {' and '.join(texts)}" if wanted else None


def _taken(here: Row, known: KnownBad) -> str | None:
    """The versions that its rule calls mended, those first that break nothing else."""
    broken = here.all_troubles()
    rows = [(each, here.at(each[0], lowest(each[1]))) for each in known.fixed_in]
    good = [each for each, row in rows if not known.fires(row.combination()) and row.all_troubles() <= broken]
    fixed = " or ".join(f"{name}{written(SpecifierSet(versions))}" for name, versions in good or known.fixed_in)
    if good or not fixed:
        return f"take {fixed}" if fixed else None
    return f"take {fixed} and move several together: alone it does not go with the others"


def faults(here: Row) -> Iterator[Breach]:
    """The rules about packages alone that `here` breaks."""
    for known in here.known_bad():
        if about_packages(known):
            yield Breach(
                holder=known.names[0],
                sentence=told(here, known),
                clause=f"whose combination here is known to break: {told(here, known)}",
                names=known.names[:1],
                fix=remedy(here, known),
                severity=known.severity,
                source=known.source,
                why=EXPOSED[known.exposed_by],
                cause=_cause(here, known),
                aliases=known.aliases,
            )


@rule(
    "MX208",
    "The matrix knows no fault of this combination",
    severity="high",
    reads=[Distribution, InterpreterFact],
    about=about_covered,
    why="others met it in exactly this combination; what is published about the versions does not tell",
    fix="use versions without the fault",
)
def known_faults(rule: Rule, case: Case) -> Iterator[Finding]:
    """The known-bad rules of the matrix, each with its own severity; what is known from reports alone is low."""
    here = row(case)
    for breach in faults(here) if here is not None else ():
        yield _breach.told(rule, case, breach)
