"""The feed says what the upstream said, byte for byte."""

import json
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name

from stackaudit.advisories.feed import answer, asked_about
from stackaudit.advisories.records import Pin, parse_record

FOLDER = Path(__file__).parents[2] / "advisories"


def test_an_answer_holds_each_record_as_it_came() -> None:
    bodies = [file.read_bytes() for file in sorted(FOLDER.glob("*.json"))]
    told = answer([parse_record(body) for body in bodies])
    assert all(body in told for body in bodies)
    assert json.loads(told)["vulns"] == [json.loads(body) for body in bodies]


def test_no_advisory_is_an_empty_object_as_osv_says_it() -> None:
    assert json.loads(answer([])) == {}


def test_a_question_names_a_package_whatever_its_spelling() -> None:
    body = json.dumps({"package": {"name": "Oak_Press", "ecosystem": "PyPI"}, "version": "1.0"}).encode()
    assert asked_about(body) == Pin(name=canonicalize_name("oak-press"), version="1.0")


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"{}", b'{"package": "oak"}', b'{"package": {"name": "oak"}}'])
def test_a_question_that_names_no_package_is_none(body: bytes) -> None:
    assert asked_about(body) is None
