"""Everything that a worker and its clients import can be imported."""

from collections.abc import Iterator

from stackaudit.lab.bench import Bench
from stackaudit.lab.drill import Drill, Witness
from stackaudit.lab.drills._importing import MODULES, imported
from stackaudit.model.facts.trials import ExerciseTrial


def _run(bench: Bench) -> Iterator[str]:
    found = imported(bench, MODULES)
    for name, raised in found.broken:
        yield f"`import {name}` raises {raised}"


DRILL = Drill(
    name="imports",
    sentence="The modules of the stack can be imported",
    kind=ExerciseTrial,
    run=_run,
    calm=True,
    needs_worker=False,
    witness=Witness.PYTHON,
)
