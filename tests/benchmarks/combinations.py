"""What it costs to judge ten thousand pin sets by the known-bad rules of the largest shipped matrix, and whether it grows linearly.

`python tests/benchmarks/combinations.py [--sets 10000]`
"""

import argparse
import itertools
import random
import statistics
import sys
import time
from collections.abc import Sequence

from packaging.version import Version

from stackaudit.inputs import matrices
from stackaudit.model.known_bad import Combination, admits, firing
from stackaudit.model.matrix import Matrix

ROUNDS = 3
PYTHONS = ("3.8.18", "3.9.18", "3.10.13", "3.11.7", "3.12.1", "3.13.5", "3.14.0")
BESIDE = ("billiard", "click", "future", "hiredis", "importlib-metadata", "packaging", "setuptools", "taskiq-redis")
"""Packages of the rules that the matrix itself does not list, or lists few versions of."""


def pin_sets(matrix: Matrix, many: int) -> Sequence[Combination]:
    """`many` different pin sets out of what the matrix lists, with and without what its rules are about besides."""
    chance = random.Random(20261122)
    listed = {entry.name: [version for version, _ in entry.listed()] for entry in matrix.packages}
    made: list[Combination] = []
    for number in range(many):
        packages: dict[str, Version] = {name: chance.choice(each) for name, each in listed.items() if each}
        for name in chance.sample(BESIDE, number % len(BESIDE)):
            packages[name] = Version(f"{chance.randrange(90)}.{chance.randrange(30)}.{number}")
        made.append(Combination(packages=packages, python=Version(chance.choice(PYTHONS)), whole=number % 2 == 0))
    return made


def seconds(matrix: Matrix, sets: Sequence[Combination]) -> tuple[float, int]:
    """How long it takes to judge `sets`, with nothing remembered from before, and how many rules fired."""
    admits.cache_clear()
    started = time.perf_counter()
    fired = sum(len(list(firing(matrix.known_bad, each))) for each in sets)
    return time.perf_counter() - started, fired


def main() -> None:
    """Measure half of the sets, all of them, and twice as many."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=10_000)
    many: int = parser.parse_args().sets
    matrix = max(matrices.read_all(), key=lambda each: len(each.known_bad))
    sets = pin_sets(matrix, 2 * many)
    sys.stdout.write(f"{matrix.name}: {len(matrix.known_bad)} rules, no bound remembered before a round\n")
    medians = []
    for size in (many // 2, many, 2 * many):
        rounds = [seconds(matrix, sets[:size]) for _ in range(ROUNDS)]
        medians.append(statistics.median(took for took, _ in rounds))
        sys.stdout.write(f"{size:>6} pin sets: {medians[-1]:.2f} s, {rounds[0][1]} times a rule fired\n")
    growth = [after / before for before, after in itertools.pairwise(medians)]
    sys.stdout.write(f"for twice the sets {' and '.join(f'{each:.2f}' for each in growth)} times as long (linear: 2)\n")


if __name__ == "__main__":
    main()
