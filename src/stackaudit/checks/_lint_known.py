"""Judges what a matrix says beyond metadata: notes, demands, rules and proofs that are about nothing, or contradict each other."""

import difflib
from collections.abc import Iterable, Iterator

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from stackaudit.checks._lints import AGREEING, FIRING
from stackaudit.model.facts.services import INFO_TOLD
from stackaudit.model.findings import Finding, Severity
from stackaudit.model.known_bad import Combination, Condition, Exposure, KnownBad, admits
from stackaudit.model.matrix import Matrix, PackageEntry, ProductEntry, Proof, Rung
from stackaudit.model.versions import newest_patch, written

_PATCHES = 100
"""How many patches of a server's branch are thinkable: a matrix lists branches, and notes are about patches of them."""

_NEAR = 0.8
"""How alike two names are, of 1, where one may be meant for the other."""

_SETTINGS = tuple(f"redis.{each}" for each in INFO_TOLD)
"""The settings that are ever seen: no rule on another can fire."""

_MOST_COMPARED = 200
"""Listed names that a rule's are compared with: a matrix from elsewhere may list any number, and have as many rules."""

_SHOWN_BY = {
    Exposure.STATIC: Rung.RESOLVED,
    Exposure.IMPORT: Rung.IMPORTED,
    Exposure.SMOKE: Rung.EXERCISED,
    Exposure.DRILL: Rung.SURVIVED,
}
"""The rung that a combination can't reach where a rule, by what exposes it, holds."""


def silent(matrix: Matrix) -> Iterator[Finding]:
    """What can never be told, since it is about nothing that is listed."""
    entries: list[PackageEntry | ProductEntry] = [*matrix.packages, *matrix.products]
    for entry in entries:
        versions = _listed(entry)
        for note in entry.notes:
            if not _matches(note.versions, versions):
                message = f"the note on {entry.name} {written(note.versions)} matches nothing that is listed (it says: {note.text})"
                yield FIRING.fails(entry.name, message, note.where)
        for demand in entry.demands if isinstance(entry, PackageEntry) else ():
            if not _matches(demand.versions, versions):
                message = f"the demand of {entry.name} {written(demand.versions)} matches nothing that is listed"
                yield FIRING.fails(entry.name, message, demand.where)
    yield from _silent_rules(matrix)


def _silent_rules(matrix: Matrix) -> Iterator[Finding]:
    # Pythons older than the first that is listed are in use still, as versions of packages below the first are.
    minors = [Version("0"), *(Version(f"{each.name}.{patch}") for each in matrix.pythons for patch in range(_PATCHES))]
    for known in matrix.known_bad:
        wanted = [
            f"{name}{written(versions)}" for entry, name, versions in _bounds(matrix, known) if _never(entry, versions)
        ]
        for name, near in _misspelt(matrix, known):
            message = f"{known.id} is about {name}, which is not listed: did you mean `{near}`?"
            yield FIRING.fails(known.id, message, known.where)
        for name in _unseen_settings(known):
            meant = difflib.get_close_matches(name, _SETTINGS, n=1, cutoff=_NEAR)
            told = f"did you mean `{meant[0]}`?" if meant else f"those that are: {', '.join(_SETTINGS)}"
            message = f"{known.id} is about the setting {name}, which is never seen: {told}"
            yield FIRING.fails(known.id, message, known.where)
        if known.when.python is not None and not _matches(SpecifierSet(known.when.python), minors):
            wanted.append(f"Python {known.when.python}")
        for each in wanted:
            message = f"{known.id} wants {each}, which is not listed (it says: {known.symptom})"
            yield FIRING.fails(known.id, message, known.where)
        packages = known.names
        for name, cure in known.fixed_in:
            if _never(matrix.package(name) if name in packages else matrix.product(name), SpecifierSet(cure)):
                message = f"{known.id} is mended in {name}{cure}, by its own words, which is not listed"
                yield FIRING.fails(known.id, message, known.where)


def contradicting(matrix: Matrix) -> Iterator[Finding]:
    """Two rules of one condition, rules that fire on what they call mended or never, and proofs of what is known to break."""
    first: dict[object, KnownBad] = {}
    for known in matrix.known_bad:
        other = first.setdefault((known.when, known.unless), known)
        if other is not known:
            message = f"{known.id} and {other.id} are about the same combinations"
            yield AGREEING.fails(known.id, message, known.where)
        if _excludes_all(matrix, known):
            message = f"{known.id} can never fire: it wants and excludes the same package"
            yield AGREEING.fails(known.id, message, known.where)
        for name, version in _mended_and_broken(matrix, known):
            message = f"{known.id} fires on {name} {version}, which it calls mended"
            yield AGREEING.fails(known.id, message, known.where)
    for entry in matrix.packages:
        # What is derived is the metadata; only people can write what it forbids.
        for each in entry.ranges if entry.derive is None else ():
            refused = [minor for minor in each.pythons if not each.requires_python.contains(newest_patch(minor))]
            if refused:
                message = f"{entry.name} {written(each.versions)} names Python {', '.join(refused)}, which its Requires-Python forbids"
                yield AGREEING.fails(entry.name, message, entry.where)
    for proof in matrix.proofs:
        yield from _disproved(matrix, proof)


def _excludes_all(matrix: Matrix, known: KnownBad) -> bool:
    """Whether `unless`, of packages alone, holds of every version that `when` wants."""
    if known.unless is None or known.unless != Condition(packages=known.unless.packages):
        return False
    wanted = dict(known.when.packages)
    return all(
        name in wanted and (wanted[name] == versions or _within(matrix.package(name), wanted[name], versions))
        for name, versions in known.unless.packages
    )


def _within(entry: PackageEntry | None, wanted: str, excluded: str) -> bool:
    """Whether there are listed versions of `wanted`, and all of them are `excluded` ones."""
    found = (admits(excluded, each) for each in (_listed(entry) if entry is not None else ()) if admits(wanted, each))
    first = next(found, False)
    return first and all(found)


def _mended_and_broken(matrix: Matrix, known: KnownBad) -> Iterator[tuple[str, str]]:
    broken = dict(known.when.packages)
    for name, mended in known.fixed_in:
        entry = matrix.package(name)
        for version, _ in entry.listed() if entry is not None and name in broken else ():
            if admits(mended, version) and admits(broken[name], version):
                yield name, str(version)
                break


def _disproved(matrix: Matrix, proof: Proof) -> Iterator[Finding]:
    of = Combination(packages=dict(proof.packages), python=newest_patch(proof.python), whole=True)
    where = matrix.where
    for known in matrix.known_bad:
        if (
            known.severity is not Severity.LOW
            and known.fires(of)
            and proof.rung.rank >= _SHOWN_BY[known.exposed_by].rank
        ):
            message = f"{known.id} fires on a combination on Python {proof.python} that is proved up to `{proof.rung}`"
            yield AGREEING.fails(known.id, message, known.where)
    for name, version in proof.packages:
        entry = matrix.package(name)
        found = entry.range_of(version) if entry is not None else None
        if found is not None and not found.requires_python.contains(newest_patch(proof.python)):
            message = (
                f"a proof of {name} {version} on Python {proof.python}: its Requires-Python is {found.requires_python}"
            )
            yield AGREEING.fails(name, message, where)


def _bounds(matrix: Matrix, known: KnownBad) -> Iterator[tuple[PackageEntry | ProductEntry | None, str, SpecifierSet]]:
    """Each with what the matrix has of it: a package and a server may share their name, as redis does."""
    for name, versions in known.when.packages:
        yield matrix.package(name), name, SpecifierSet(versions)
    for name, versions in (*known.when.services, *known.when.programs):
        yield matrix.product(name), name, SpecifierSet(versions)


def _misspelt(matrix: Matrix, known: KnownBad) -> Iterator[tuple[str, str]]:
    """Names of nothing that is listed, with a listed one that differs by little: rules may be about others, but hardly about those."""
    products = [each.name for each in matrix.products]
    for bounds, names in (
        (known.when.packages, [each.name for each in matrix.packages]),
        ((*known.when.services, *known.when.programs), products),
    ):
        for name, _ in bounds if len(names) <= _MOST_COMPARED else ():
            near = difflib.get_close_matches(name, names, n=1, cutoff=_NEAR) if name not in names else []
            yield from (
                (name, each) for each in near if sorted(each) == sorted(name) or abs(len(each) - len(name)) == 1
            )


def _unseen_settings(known: KnownBad) -> Iterator[str]:
    """The settings of its conditions that no audit sees: whether it is met would stay open for ever."""
    conditions = [known.when, *([known.unless] if known.unless is not None else [])]
    names = dict.fromkeys(name for each in conditions for name, _ in each.settings)
    return (name for name in names if name not in _SETTINGS)


def _never(entry: PackageEntry | ProductEntry | None, versions: SpecifierSet) -> bool:
    """Whether no listed version can be meant, and none outside what is listed either."""
    if entry is None or _matches(versions, _listed(entry)):
        return False
    floor = entry.derive if isinstance(entry, PackageEntry) else None
    ends = [Version(each.version.removesuffix(".*")) for each in versions]
    return floor is None or all(floor.contains(each, prereleases=True) for each in ends)


def _matches(specifier: SpecifierSet, versions: Iterable[Version]) -> bool:
    return any(specifier.contains(version, prereleases=True) for version in versions)


def _listed(entry: PackageEntry | ProductEntry) -> list[Version]:
    if isinstance(entry, PackageEntry):
        yanked = [version for found in entry.ranges for version in found.yanked]
        return [*(version for version, _ in entry.listed()), *yanked, *entry.withdrawn]
    return [Version(f"{branch.name}.{patch}") for branch in entry.branches for patch in range(_PATCHES)]
