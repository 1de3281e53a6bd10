"""Claims on single files become one fact a module."""

import random
from typing import Any

import pytest

from stackaudit.model.facts.environment import ModuleClash
from stackaudit.probes._claims import clashes_of, module_of, recorded

EMPTY, A, B = recorded(b""), recorded(b"a = 1\n"), recorded(b"b = 1\n")
NAMESPACE = recorded(b"__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n")


def claim(name: str, hashed: str, *, on_disk: bool) -> dict[str, Any]:
    return {"name": name, "version": "1", "hash": hashed, "on_disk": on_disk}


def disputed(path: str, winner: str = A, loser: str = B) -> dict[str, Any]:
    return {"path": path, "claims": [claim("One", winner, on_disk=True), claim("two", loser, on_disk=False)]}


def test_the_files_of_one_module_are_one_fact_with_its_winner() -> None:
    assert clashes_of([disputed("pkg/__init__.py"), disputed("pkg/_run.py")]) == (
        ModuleClash(module="pkg", owners=("one==1", "two==1"), intact=("one==1",), files=2),
    )


def test_only_empty_files_written_over_leave_nothing_missing() -> None:
    (fact,) = clashes_of([disputed("pkg/__init__.py", loser=EMPTY)])
    assert fact.hollow == ("two==1",)
    (fact,) = clashes_of([disputed("pkg/__init__.py", loser=EMPTY), disputed("pkg/a.py")])
    assert fact.hollow == ()


def test_a_file_that_only_shares_its_folder_is_no_loss() -> None:
    assert clashes_of([disputed("pkg/__init__.py", winner=EMPTY, loser=NAMESPACE)]) == ()
    assert len(clashes_of([disputed("pkg/other.py", winner=EMPTY, loser=NAMESPACE)])) == 1


def test_two_metadata_folders_of_one_name_do_not_clash() -> None:
    claims = [{**claim("one", A, on_disk=True), "version": "2"}, claim("One", B, on_disk=False)]
    assert clashes_of([{"path": "pkg/a.py", "claims": claims}]) == ()


def test_files_from_both_are_intact_for_nobody() -> None:
    other = {"path": "pkg/b.py", "claims": [claim("one", A, on_disk=False), claim("two", B, on_disk=True)]}
    (fact,) = clashes_of([disputed("pkg/a.py"), other])
    assert (fact.intact, fact.files) == ((), 2)


def test_the_order_of_what_was_printed_changes_nothing() -> None:
    told = [disputed(path) for path in ("b/x.py", "a/__init__.py", "a/y.py", "c.py")]
    expected = clashes_of(told)
    assert [fact.module for fact in expected] == ["a", "b.x", "c"]
    for seed in range(5):
        assert clashes_of(random.Random(seed).sample(told, len(told))) == expected


@pytest.mark.parametrize(
    ("paths", "module"),
    [
        (["six.py"], "six"),
        (["cv2/cv2.abi3.so"], "cv2.cv2"),
        (["google/api/a.py", "google/api/b.py"], "google.api"),
        (["a.py", "a.cpython-311.so"], "a"),
        (["__init__.py"], "__init__"),
    ],
)
def test_a_module_is_named_as_it_is_imported(paths: list[str], module: str) -> None:
    assert module_of(paths) == module


@pytest.mark.parametrize("told", [{}, {"path": "a.py"}, {"path": "a.py", "claims": [{}]}])
def test_what_is_no_claim_is_refused(told: dict[str, Any]) -> None:
    with pytest.raises(KeyError):
        clashes_of([told])
