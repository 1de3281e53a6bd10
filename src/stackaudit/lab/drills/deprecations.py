"""No import warns of what goes away."""

from collections.abc import Iterator

from stackaudit.lab.bench import Bench
from stackaudit.lab.drill import Drill, Witness
from stackaudit.lab.drills._importing import MODULES, imported
from stackaudit.model.facts.trials import WarningTrial


def _run(bench: Bench) -> Iterator[str]:
    for name, words in imported(bench, MODULES).deprecated:
        yield f"`import {name}` warns: {words}"


DRILL = Drill(
    name="deprecations",
    sentence="Importing the modules of the stack gives no DeprecationWarning",
    kind=WarningTrial,
    run=_run,
    calm=True,
    needs_worker=False,
    witness=Witness.PYTHON,
    source="https://docs.python.org/3/library/exceptions.html#DeprecationWarning",
)
