"""What another interpreter prints becomes facts, or nothing."""

from typing import Any

import pytest

from stackaudit.probes.interpreter import distributions_of, interpreter_of

FOUND: dict[str, Any] = {
    "name": "My_Pkg",
    "version": "1.0",
    "requires": ["b @ https://ann:s3cret@host/b.whl", "vine"],
    "requires_python": None,
    "provides": ["redis"],
    "classifiers": [],
    "location": "/site-packages",
    "installer": "uv",
    "url": "https://ann:s3cret@host/my_pkg.whl",
    "editable": False,
    "problem": None,
    "listed": True,
    "bundled": [],
}
ANSWER: dict[str, Any] = {
    "version": "3.11.7",
    "implementation": "CPython",
    "platform": "linux-x86_64",
    "prefix": "/srv/app/.venv",
    "base_prefix": "/usr",
    "markers": {"python_version": "3.11", "os_name": "posix"},
    "site_packages": ["/srv/app/.venv/lib/python3.11/site-packages"],
    "pip": None,
    "bundled_pip": None,
    "leftovers": ["/b", "/a"],
}


def test_no_password_of_a_url_becomes_a_fact() -> None:
    (fact,) = distributions_of([FOUND])
    assert "s3cret" not in repr(fact)
    assert fact.url == "https://***@host/my_pkg.whl"
    assert fact.requires == ("b @ https://***@host/b.whl", "vine")


def test_distributions_come_in_the_order_of_their_normalized_names() -> None:
    names = ["b", "Zope", "A_a", "a.b"]
    facts = distributions_of([{**FOUND, "name": name} for name in names])
    assert [fact.name for fact in facts] == ["a-a", "a-b", "b", "zope"]


def test_an_environment_is_virtual_where_its_prefix_is_not_its_pythons() -> None:
    assert interpreter_of("python", ANSWER).virtual
    assert not interpreter_of("python", {**ANSWER, "prefix": "/usr"}).virtual
    assert interpreter_of("python", ANSWER).leftovers == ("/a", "/b")


def test_a_file_of_text_is_no_program_that_is_bundled() -> None:
    files = ["ffmpeg-linux-x86_64-v7.0.2", "ffmpeg.py", "ffprobe.pyi", "libssl-1b2c3d4e.so.3"]
    (fact,) = distributions_of([{**FOUND, "bundled": files}])
    assert fact.bundled == ("ffmpeg-linux-x86_64-v7.0.2", "libssl-1b2c3d4e.so.3")


@pytest.mark.parametrize("missing", sorted(ANSWER))
def test_an_answer_with_a_part_missing_is_no_answer(missing: str) -> None:
    with pytest.raises(KeyError, match=missing):
        interpreter_of("python", {name: value for name, value in ANSWER.items() if name != missing})
