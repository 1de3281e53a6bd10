"""Judging and telling look at nothing: no file, no connection, no process."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from comparing import differences
from stackaudit import sockets
from stackaudit.audit import judge
from stackaudit.cli import text
from stackaudit.gate.changes import Before, label
from stackaudit.gate.verdict import decide
from stackaudit.gate.waivers import waive
from stackaudit.model.audit import Gate, Policy
from stackaudit.model.parts import Renderer
from stackaudit.model.places import Place
from stackaudit.model.waivers import Waiver
from stackaudit.reports import diff_json, diff_markdown, diff_text
from stories import a_case, an_audit

WATCHED = (
    "open",
    "socket.",
    "subprocess.",
    "os.exec",
    "os.fork",
    "os.posix_spawn",
    "os.spawn",
    "os.system",
    "os.listdir",
    "os.scandir",
)
_seen: list[str] | None = None


def _watch(event: str, _arguments: object) -> None:
    if _seen is not None and event.startswith(WATCHED):
        _seen.append(event)


@contextmanager
def glass_wall() -> Iterator[list[str]]:
    """What was touched inside. A hook can't be taken out again, so it is put in once and switched."""
    global _seen  # noqa: PLW0603 - see above
    touched: list[str] = []
    _seen = touched
    try:
        yield touched
    finally:
        _seen = None


sys.addaudithook(_watch)


def test_the_wall_sees_what_is_touched() -> None:
    with glass_wall() as touched, open(__file__, encoding="utf-8"):  # noqa: PTH123 - the plainest way to touch a file
        pass
    assert touched == ["open"]


def test_judging_touches_nothing() -> None:
    case = a_case()
    judge(case, sockets.checks())  # imports are done by now
    with glass_wall() as touched:
        decide(judge(case, sockets.checks()), Policy())
    assert touched == []


def test_gating_touches_nothing() -> None:
    case = a_case()
    judgments = judge(case, sockets.checks())
    waiver = Waiver(
        where=Place(path="pyproject.toml"), reason="so be it", owner="ann", until=case.today, rule="VU101", path="**"
    )
    policy = Policy(waivers=(waiver,), gate=Gate.CHANGE)
    with glass_wall() as touched:
        waived = waive(judgments, policy, case)
        decide(label(waived, case, Before(told=judgments, case=case, again=judgments)), policy)
    assert touched == []


def test_comparing_two_audits_touches_nothing() -> None:
    first = an_audit()
    second = replace(first, judgments=first.judgments[1:])
    with glass_wall() as touched:
        found = differences(first, second)
        diff_json.render(found)
        diff_markdown.render(found)
        text.painted(diff_text.segments(found), color=False)
    assert found.found
    assert touched == []


@pytest.mark.parametrize("renderer", sockets.renderers(), ids=lambda each: each.name)
def test_rendering_touches_nothing(renderer: Renderer) -> None:
    audit = an_audit()
    renderer.render(audit)  # the template is loaded by now
    with glass_wall() as touched:
        renderer.render(audit)
    assert touched == []


def test_telling_it_to_a_person_touches_nothing_but_the_line_that_is_shown() -> None:
    audit = an_audit()
    text.render(audit, sockets.rules(), Policy(), text.Telling())
    with glass_wall() as touched:
        text.render(audit, sockets.rules(), Policy(), text.Telling())
    assert touched == []
