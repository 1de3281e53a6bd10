"""What a configuration says of how workers are to be asked."""

from pathlib import Path

import pytest

from stackaudit.inputs.declare import for_probes
from stackaudit.inputs.settings import resolve
from stackaudit.model.errors import InputError

NAMES = """\
[tool.stackaudit]
control-exchange = "shop"
global-keyprefix = "shop:"
fanout-prefix = false
app = "shop.celery:app"
"""


def test_how_the_workers_mailboxes_are_named_gets_to_the_probes(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(NAMES, encoding="utf-8")
    told = {each.name: each.value for each in for_probes(resolve({}, {}, tmp_path))}
    assert (told["control_exchange"], told["global_keyprefix"], told["fanout_prefix"]) == ("shop", "shop:", False)
    assert told["app"] == "shop.celery:app"


def test_celerys_own_names_are_the_default_and_no_application_is_imported(tmp_path: Path) -> None:
    told = {each.name: each.value for each in for_probes(resolve({}, {}, tmp_path))}
    assert (told["control_exchange"], told["global_keyprefix"], told["fanout_prefix"]) == ("celery", None, True)
    assert told["app"] is None


@pytest.mark.parametrize(
    "value", ["shop", "shop:", ":app", "shop/celery.py:app", "shop:app()", "shop: app", "3shop:app"]
)
def test_an_application_is_a_module_and_a_name_in_it(value: str, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a module and a name in it"):
        resolve({"app": value}, {}, tmp_path)
