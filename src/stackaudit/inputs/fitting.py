"""Finds the matrix that fits a stack, by its packages and its broker."""

from collections.abc import Collection, Iterable

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from stackaudit.model.manifest import Requirement as Declared
from stackaudit.model.matrix import Matrix
from stackaudit.model.versions import parse_requirement


def fitting(matrices: Iterable[Matrix], names: Collection[str], broker: str | None = None) -> tuple[Matrix, ...]:
    """Those of `matrices` whose required packages are all among `names`, and of them the most specific.

    Names are normalized. A name may say its extras, as in `celery[redis]`: what they pull in, by the matrix, counts as named. `broker` is
    the scheme of the broker's URL where it is known: a matrix for other brokers does not fit. The more packages a matrix requires, and
    then the more of its packages are there, the more specific it is; several are returned where that decides nothing.
    """
    found = [each for each in matrices if _required(each) <= _pulled(each, names) and _is_for(each, broker)]
    ranks = {each.name: _specificity(each, names) for each in found}
    return tuple(each for each in found if ranks[each.name] == max(ranks.values()))


def lacking(matrix: Matrix, names: Collection[str]) -> tuple[str, ...]:
    """The required packages of `matrix` that are not among `names`, by name: why it does not fit."""
    return tuple(sorted(_required(matrix) - _pulled(matrix, names)))


def names_of(requirements: Iterable[Declared]) -> frozenset[str]:
    """The names that `fitting` wants, of declared requirements: with their extras."""
    return frozenset(
        [f"{each.name}[{','.join(sorted(each.extras))}]" if each.extras else each.name for each in requirements]
    )


def _is_for(matrix: Matrix, broker: str | None) -> bool:
    return broker is None or not matrix.brokers or broker in matrix.brokers


def _specificity(matrix: Matrix, names: Collection[str]) -> tuple[int, int]:
    pulled = _pulled(matrix, names)
    return len(_required(matrix)), sum(1 for entry in matrix.packages if entry.name in pulled)


def _required(matrix: Matrix) -> set[str]:
    return {entry.name for entry in matrix.packages if entry.required}


def _pulled(matrix: Matrix, names: Collection[str]) -> set[str]:
    # Only what says extras needs to be parsed: a lock may have ten thousand names.
    found = {each for each in names if "[" not in each}
    left = _parsed(sorted(each for each in names if "[" in each))
    seen: set[tuple[str, str]] = set()
    while left:
        requirement = left.pop()
        name = canonicalize_name(requirement.name)
        found.add(name)
        entry = matrix.package(name)
        for extra in sorted(requirement.extras):
            if entry is not None and (name, extra) not in seen:
                seen.add((name, extra))
                left += _parsed(line for each in entry.ranges for line in dict(each.extras).get(extra, ()))
    return found


def _parsed(lines: Iterable[str]) -> list[Requirement]:
    return [each for each in map(parse_requirement, lines) if each is not None]
