"""Judges whether each installed module is what its package wrote: two packages may write the same files."""

from collections.abc import Iterable, Iterator, Mapping

from packaging.utils import canonicalize_name

from stackaudit.checks._metadata import distributions, environment, requirements_of
from stackaudit.model.audit import Case
from stackaudit.model.facts.environment import Distribution, InterpreterFact, ModuleClash
from stackaudit.model.findings import Finding, Severity
from stackaudit.model.parts import Rule, rule
from stackaudit.model.values import dataclass

NOBODYS = frozenset(
    {
        "__init__", "benchmark", "benchmarks", "conftest", "doc", "docs", "example", "examples", "sample", "samples", "scripts", "setup",
        "test", "testing", "tests", "tools",
    }
)  # fmt: skip
"""What many packages install at the top by mistake and nobody imports in production."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Owner:
    """One of the packages that write a module, and who wants it: `askers` are installed, `because` of the matrix or the project's files."""

    distribution: Distribution
    in_matrix: bool
    declared: bool
    askers: tuple[str, ...]

    @property
    def wanted(self) -> bool:
        """Whether anything would miss it."""
        return self.in_matrix or self.declared or bool(self.askers)

    @property
    def label(self) -> str:
        """`ffmpeg-python 0.2.0`."""
        return f"{self.distribution.name} {self.distribution.version}"

    @property
    def rank(self) -> tuple[bool, bool, bool]:
        """The higher, the more it is the one to keep."""
        return (self.in_matrix, self.declared, bool(self.askers))


def _listed(case: Case) -> Iterable[str]:
    return [each.subject for each in case.facts(Distribution) if each.listed]


@rule(
    "DC401",
    "No other package has written over a package's modules",
    severity="high",
    reads=[ModuleClash, Distribution, InterpreterFact],
    about=_listed,
    why="the later install silently replaces files of the earlier one; pip check compares metadata, not files, and stays green; "
    "uninstalling either takes the files from both",
    fix="uninstall the package that nothing needs, and reinstall the other one",
    source="https://github.com/pypa/pip/issues/4625",
)
def modules_own(rule: Rule, case: Case) -> Iterator[Finding]:
    """One finding for each package whose files are no longer there, and one for all packages that list none."""
    askers = _askers(case)
    for clash in case.facts(ModuleClash):
        if clash.module.partition(".")[0] in NOBODYS:
            continue
        owners = {
            each.subject: _owner(case, each, askers) for each in distributions(case) if each.subject in clash.owners
        }
        for loser in (owners[subject] for subject in clash.owners if subject in owners and subject not in clash.intact):
            hollow = loser.distribution.subject in clash.hollow
            yield rule.fails(
                loser.distribution.subject,
                _message(clash, loser, owners),
                where=case.place_of(loser.distribution.name),
                severity=rule.severity if loser.wanted and not hollow else Severity.MEDIUM,
                fix=_fix(tuple(owners.values())),
                cause=f"the module {clash.module} belongs to {' and '.join(clash.owners)}",
            )
    silent = sorted(each.subject for each in case.facts(Distribution) if not each.listed)
    for interpreter in case.facts(InterpreterFact):
        if silent:
            more = f" and {len(silent) - 5} more" if len(silent) > 5 else ""  # noqa: PLR2004 - a line's worth of names
            message = f"which files these packages wrote can't be told, for they have no RECORD: {', '.join(silent[:5])}{more}"
            yield rule.uncheckable(
                interpreter.subject, message, fix="nothing, where the system's own tool installed them; else reinstall"
            )


def _askers(case: Case) -> Mapping[str, tuple[str, ...]]:
    """The installed packages by what they require."""
    target = environment(case)
    found: dict[str, list[str]] = {}
    for each in distributions(case):
        for requirement in requirements_of(each, target):
            found.setdefault(canonicalize_name(requirement.name), []).append(each.name)
    return {name: tuple(sorted(set(askers))) for name, askers in found.items()}


def _owner(case: Case, distribution: Distribution, askers: Mapping[str, tuple[str, ...]]) -> Owner:
    return Owner(
        distribution=distribution,
        in_matrix=case.matrix is not None and case.matrix.package(distribution.name) is not None,
        declared=any(each.direct for each in case.requirements_of(distribution.name)),
        askers=askers.get(distribution.name, ()),
    )


def _message(clash: ModuleClash, loser: Owner, owners: Mapping[str, Owner]) -> str:
    labels = [owners[each].label for each in clash.owners if each in owners]
    files = "1 file" if clash.files == 1 else f"{clash.files} files"
    both = f"{' and '.join(labels)} {'both' if len(labels) == 2 else 'all'} write the module `{clash.module}`, {files} of it differently"  # noqa: PLR2004
    winners = " and ".join(owners[each].label for each in clash.intact if each in owners)
    if not winners:
        return f"{both}: none of them has all of its files there, and `import {clash.module}` is whole for nobody"
    if loser.distribution.subject in clash.hollow:
        return (
            f"{both}: `import {clash.module}` gives {winners}'s; what {loser.label} wrote there is empty, so nothing is missing "
            f"now, and the next install of {loser.label} empties it for {winners}"
        )
    return f"{both}: `import {clash.module}` gives {winners}'s, and what {loser.label} defines there is missing"


def _fix(owners: tuple[Owner, ...]) -> str:
    best = max(each.rank for each in owners)
    kept = [each for each in owners if each.rank == best]
    needed = [each for each in owners if each.askers]
    if len(needed) > 1:
        told = " and ".join(f"{each.distribution.name} (for {', '.join(each.askers)})" for each in needed)
        return f"no order of installing helps, for all are required: {told}; replace one by a package with a module of its own"
    keep = kept[0]
    gone = [each for each in owners if each is not keep]
    names = " ".join(each.distribution.name for each in gone)
    command = f"`pip uninstall {names} && pip install --force-reinstall --no-deps {_again(keep.distribution)}`"
    if len(kept) > 1:
        return f"keep one of them: {command}, or the other way round"
    if gone_needed := [each for each in gone if each.askers]:
        return f"{command}, and replace what requires {gone_needed[0].distribution.name}: {', '.join(gone_needed[0].askers)}"
    return f"{command}; take {names} out of what is installed, or the next build may turn it round"


def _again(distribution: Distribution) -> str:
    """What to tell pip to install again."""
    return f'"{distribution.name} @ {distribution.url}"' if distribution.url else distribution.subject
