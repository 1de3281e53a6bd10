"""A fact that comes over the wire is known by its name, and loads no kind but its own."""

import importlib
import pkgutil
import subprocess
import sys
from collections import Counter

from stackaudit.model import facts
from stackaudit.model.facts.fact import Fact


def test_no_two_kinds_of_facts_share_a_name() -> None:
    modules = [
        importlib.import_module(f"{facts.__name__}.{each.name}") for each in pkgutil.iter_modules(facts.__path__)
    ]
    kinds = {each for module in modules for each in vars(module).values() if isinstance(each, type)}
    named = Counter(each.__name__ for each in kinds if issubclass(each, Fact))
    assert [name for name, count in named.items() if count > 1] == []


def test_a_kind_that_is_loaded_is_read_without_the_others() -> None:
    program = (
        "import sys\n"
        "from stackaudit.model.facts.advised import AdvisoryCopy\n"
        "from stackaudit.model.facts.fact import Fact\n"
        "from stackaudit.model.wire import decode, encode\n"
        "before = set(sys.modules)\n"
        "copy = AdvisoryCopy(name='mirror', as_of='2026-01-01', sha256='0')\n"
        "assert decode(Fact, encode(copy)) == copy\n"
        "print(sorted(each for each in set(sys.modules) - before if each.startswith('stackaudit')))\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
