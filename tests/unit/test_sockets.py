"""Parts are found by their room, and what can't be told apart or can't be ordered is refused."""

import importlib
import pkgutil
import re
import subprocess
import sys
from types import ModuleType

import pytest

from stackaudit import sockets
from stackaudit.checks import CODES
from stackaudit.checks._document_check import CHECK as DOCUMENT
from stackaudit.checks._fleet_check import CHECK as FLEET
from stackaudit.model.facts.deployment import Account, Variable
from stackaudit.model.manifest import Manifest
from stackaudit.model.parts import Check, Probe, Rule

CERTIFYING = "DR"
"""The rules about a matrix's rows: `matrix certify` makes a check of each row, and looks itself."""


def test_every_rule_belongs_to_exactly_one_check() -> None:
    checks = [*sockets.checks(), DOCUMENT, FLEET]
    for rule in sockets.rules():
        assert re.fullmatch(r"[A-Z]{2}\d{3}", rule.code)
        assert len([check for check in checks if rule.code.startswith(check.code)]) == (not _certifies(rule))


def _certifies(rule: Rule) -> bool:
    return rule.code.startswith(CERTIFYING)


def test_every_check_has_rules_and_every_rule_says_why_and_what_to_do() -> None:
    for check in sockets.checks():
        assert sockets.rules_of(check)
    for rule in sockets.rules():
        assert rule.title
        assert rule.why
        assert rule.fix
        assert rule.source is None or rule.source.startswith("https://")


def test_whatever_a_rule_reads_some_probe_yields() -> None:
    yielded = {kind for probe in sockets.probes() for kind in probe.yields}
    for rule in sockets.rules():
        assert _certifies(rule) or rule.code.startswith(FLEET.code) or set(rule.reads) <= yielded, rule.code


def test_a_probe_is_named_for_its_module_so_that_its_child_can_find_it() -> None:
    for probe in sockets.probes():
        assert probe.collect.__module__ == f"stackaudit.probes.{probe.name}"


def test_only_ffmpeg_asks_no_registry() -> None:
    ffmpeg = [each for each in sockets.checks() if each.id == "ffmpeg"]
    from stackaudit.model.manifest import ProgramRequest
    from stackaudit.model.places import Place

    manifest = Manifest(programs=(ProgramRequest(name="ffmpeg", command="ffmpeg", where=Place(path="PATH")),))
    assert {each.name for each in sockets.needed(ffmpeg, manifest)} == {"ffmpeg", "ffmpeg_copies", "media"}


def test_each_probe_is_found_for_each_kind_of_fact_that_it_yields_without_loading_most_others() -> None:
    program = (
        "import sys\nfrom stackaudit import sockets\n"
        "found = sorted({each.name for each in sockets.yielding(frozenset({sys.argv[1]}))})\n"
        "loaded = sorted(name for name in sys.modules if name.startswith('stackaudit.probes.') and '._' not in name)\n"
        "print(*found)\nprint(*loaded)\n"
    )
    for kind in {kind for probe in sockets.probes() for kind in probe.yields}:
        done = subprocess.run(
            [sys.executable, "-c", program, kind.__name__], capture_output=True, text=True, check=True
        )
        found, loaded = done.stdout.splitlines()
        assert set(found.split()) >= {each.name for each in sockets.probes() if kind in each.yields}, kind
        assert len(loaded.split()) < len(sockets.probes()) / 2, kind


def modules(room: str) -> dict[str, ModuleType]:
    """The modules that parts are found in, by name."""
    package = importlib.import_module(f"stackaudit.{room}")
    names = [each.name for each in pkgutil.iter_modules(package.__path__) if not each.name.startswith("_")]
    return {name: importlib.import_module(f"stackaudit.{room}.{name}") for name in names}


def test_each_file_of_checks_holds_the_codes_that_its_name_promises() -> None:
    for name, module in modules("checks").items():
        found = {each.code[:2] for each in vars(module).values() if isinstance(each, Rule | Check)}
        assert {CODES[name.partition("_")[0]]} == found, name


def test_each_check_lives_in_the_file_of_its_name() -> None:
    assert [sockets.check(each.id) for each in sockets.checks()] == list(sockets.checks())


def test_the_rules_of_a_check_are_all_of_its_code_and_no_other_check_is_loaded_for_them() -> None:
    program = (
        "import sys\nfrom stackaudit import sockets\n"
        "print(*[each.code for each in sockets.rules_of(sockets.check(sys.argv[1]))])\n"
        "print(*[name.split('.')[2] for name in sys.modules if name.startswith('stackaudit.checks.') and '._' not in name])\n"
    )
    for check in sockets.checks():
        done = subprocess.run([sys.executable, "-c", program, check.id], capture_output=True, text=True, check=True)
        rules, loaded = map(str.split, done.stdout.splitlines())
        assert rules == [each.code for each in sockets.rules() if each.code.startswith(check.code)]
        assert {CODES[name.partition("_")[0]] for name in loaded} == {check.code}


def test_rules_are_found_by_their_codes() -> None:
    assert [each.code for each in sockets.rules_coded(["VU102", "AU101", "MX101"])] == ["MX101", "VU102"]


def test_a_cycle_is_refused() -> None:
    def collect(_visit: object) -> list[object]:
        return []

    a = Probe(name="a", title="a", reads=(Account,), yields=(Variable,), collect=collect)  # type: ignore[arg-type]  # never run
    b = Probe(name="b", title="b", reads=(Variable,), yields=(Account,), collect=collect)  # type: ignore[arg-type]  # never run
    with pytest.raises(ValueError, match="cycle"):
        sockets.order([a, b])


def test_two_parts_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="x"):
        sockets.refuse_doubles("probe", ["x", "y", "x"])
