"""The version sets of a fleet are told in text and Markdown, and what workers call themselves harms neither."""

from datetime import UTC, datetime

from markdown_it import MarkdownIt

from stackaudit.model.audit import Audit, Case, Judgment
from stackaudit.model.facts.fleet import VersionSet
from stackaudit.model.facts.workers import Broadcast, Worker
from stackaudit.model.findings import Verdict
from stackaudit.model.manifest import Manifest
from stackaudit.model.snapshot import Evidence, Look, Snapshot
from stackaudit.reports import html, markdown
from stackaudit.reports._fleet import render, text

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def audit(*nodes: str, silent: tuple[str, ...] = ()) -> Audit:
    """The audit of a fleet whose workers `nodes` all run the same."""
    one = VersionSet(
        id="0123456789ab",
        nodes=nodes,
        whole=True,
        packages=(("celery", "5.4.0"), ("redis", "5.0.8"), ("vine", "5.1.0")),
        python="3.11.9",
        programs=(("ffmpeg", None), ("ffprobe", None)),
        system="Debian GNU/Linux 12 (bookworm)",
    )
    missing = tuple(Worker(node=node, answered=False, expected_by=("pidbox",)) for node in silent)
    broadcast = Broadcast(endpoint="redis://broker.test/0", subscribers=len(nodes), replies=len(nodes))
    look = Look(probe="fleet", asked="x", evidence=Evidence(tool="test"), facts=(broadcast, one, *missing))
    return Audit(
        tool_version="1",
        started_at=NOW,
        finished_at=NOW,
        case=Case(
            manifest=Manifest(),
            snapshot=Snapshot(taken_at=NOW, host="", looks=(look,)),
            matrix=None,
            today=NOW.date(),
        ),
        judgments=(Judgment(check="fleet", title="Fleet", verdict=Verdict.PASS, summary="1 version set"),),
        verdict=Verdict.PASS,
    )


def test_the_record_of_a_fleet_makes_the_document_of_a_fleet_whoever_asks_for_it() -> None:
    asked = audit("a@host", silent=("b@host",))
    assert markdown.render(asked) == render(asked)
    assert "<title>What the workers of redis://broker.test/0 run</title>" in html.render(asked)


def test_one_version_set_alone_is_told_too() -> None:
    assert text(audit("a@host", "b@host")) == (
        "  version set 1 (0123456789ab), 2 workers: a@host, b@host\n"
        "    celery 5.4.0, redis 5.0.8, Python 3.11.9, ffmpeg none, Debian GNU/Linux 12 (bookworm), 3 packages\n"
    )


def test_who_did_not_answer_is_named() -> None:
    assert "  no answer, 1 worker: gone@host\n" in text(audit("a@host", silent=("gone@host",)))
    assert "gone@host" in render(audit("a@host", silent=("gone@host",)))


def test_many_workers_are_named_in_part_on_the_terminal_and_all_in_the_document() -> None:
    nodes = tuple(f"w{number:02}@host" for number in range(40))
    assert "w11@host and 28 more" in text(audit(*nodes))
    assert all(node in render(audit(*nodes)) for node in nodes)


def test_a_name_that_is_markup_stays_a_name() -> None:
    page = MarkdownIt("commonmark").enable("table").render(render(audit("<img src=x>|`b`@host\n# title")))
    assert "<img" not in page
    assert page.count("<h1>") == 1
    assert page.count("<td>") == 4
