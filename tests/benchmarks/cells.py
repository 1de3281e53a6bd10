"""What the cells of a matrix cost until they are imported, from a warm cache, and where that time goes, beside venv and pip.

`python tests/benchmarks/cells.py [--rounds 3]`
"""

import argparse
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from stackaudit.inputs import matrices
from stackaudit.lab.cells import Cell, cells
from stackaudit.lab.installing import Pins, install
from stackaudit.lab.pythons import Found, find_python
from stackaudit.model.deadline import Deadline
from stackaudit.model.snapshot import Look
from stackaudit.outside.places import temporary_folder
from stackaudit.outside.resolving import Question, resolve

SERIES = ("5.4", "5.5", "5.6")
PATIENCE = 600.0


def chosen(pythons: Mapping[str, Found]) -> list[tuple[Cell, Pins]]:
    """The cells that can be built here, each with what an installer takes for it."""
    today = datetime.now(UTC).date()
    matrix = matrices.read("celery-redis-ffmpeg", Path())
    found = [each for each in cells(matrix, today) if each.series in SERIES and each.python in pythons]
    deadline = Deadline(PATIENCE)
    taken = [resolve(Question(lines=each.row, python=each.python), deadline).packages for each in found]
    return [(cell, packages) for cell, packages in zip(found, taken, strict=True) if packages]


def built(cell: Cell, packages: Pins, python: Found) -> Look:
    with temporary_folder("benchmark") as folder:
        look, _ = install(cell, packages, python, folder, Deadline(PATIENCE), lasting=False)
        return look


def all_built(work: Sequence[tuple[Cell, Pins]], pythons: Mapping[str, Found]) -> tuple[float, Mapping[str, float]]:
    """Build all cells side by side: the seconds that it took, and what each step took in all."""
    began = time.perf_counter()
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        looks = list(pool.map(lambda each: built(each[0], each[1], pythons[each[0].python]), work))
    seconds = time.perf_counter() - began
    if blind := [look.unseen.cause for look in looks if look.unseen is not None]:
        sys.exit(f"not built: {blind[0]}")
    steps: dict[str, float] = {}
    for look in looks:
        for step, took in look.measured:
            steps[step] = steps.get(step, 0.0) + took
    return seconds, steps


def by_pip(packages: Pins, python: Found) -> float:
    """The seconds that venv and pip take for the same packages of one cell, from pip's own cache."""
    with temporary_folder("benchmark") as folder:
        began = time.perf_counter()
        subprocess.run([python.path, "-I", "-m", "venv", str(folder / "env")], check=True)
        pins = [f"{name}=={version}" for name, version in packages]
        pip = [str(folder / "env" / "bin" / "python"), "-I", "-m", "pip", "install", "--quiet", "--no-deps", *pins]
        subprocess.run(pip, check=True, stderr=subprocess.DEVNULL)
        return time.perf_counter() - began


def main() -> None:
    """Build the cells in some rounds after one that warms the caches, and one of them by pip."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds: int = parser.parse_args().rounds
    here = {minor: find_python(minor, Deadline(PATIENCE)) for minor in ("3.9", "3.10", "3.11", "3.12", "3.13")}
    pythons = {minor: python for minor, python in here.items() if python is not None}
    work = chosen(pythons)
    all_built(work, pythons)
    measured = [all_built(work, pythons) for _ in range(rounds)]
    cell, packages = work[0]
    by_pip(packages, pythons[cell.python])
    peer = by_pip(packages, pythons[cell.python])
    seconds = statistics.median(took for took, _ in measured)
    steps = min(measured, key=lambda each: abs(each[0] - seconds))[1]
    whole = sum(steps.values())
    alone = whole / len(work)
    sys.stdout.write(f"{len(work)} cells on {len(pythons)} Pythons, {os.cpu_count()} side by side: {seconds:.1f} s\n")
    sys.stdout.write("".join(f"{step:>8}: {took / whole:.0%}\n" for step, took in sorted(steps.items())))
    sys.stdout.write(f"one cell, imported, is {alone / peer:.2f} of venv and pip, which import nothing\n")


if __name__ == "__main__":
    main()
