"""Each snapshot is asked for once, and nothing in it is believed."""

from collections.abc import Iterable

from hypothesis import given
from hypothesis import strategies as st

from stackaudit.fleet import snapshots as module
from stackaudit.fleet.looks import looks_of, version_sets
from stackaudit.fleet.snapshots import COMMAND, MARK, Snapshots, told_by
from stackaudit.model.facts.fleet import SettingSet, VersionSet
from stackaudit.model.facts.workers import Broadcast, Worker
from stackaudit.model.manifest import Endpoint
from stackaudit.model.places import Place
from stackaudit.model.secret import Secret
from stackaudit.model.snapshot import Evidence, Look
from stackaudit.model.wire import Json
from stackaudit.probes._pidbox import Question
from stackaudit.target import worker_step

BODY: dict[str, Json] = {
    "python": "3.11.9",
    "packages": {"Celery": "5.4.0", "redis": "5.0.8"},
    "programs": {"ffmpeg": None},
    "settings": {"task_acks_late": True},
}
BROKER = Endpoint(role="broker", url=Secret("redis://broker.test/0"), where=Place(path="option"))


def stats(digest: str, *replaced: Json) -> Json:
    return {"pool": {}, MARK: {"snapshot": digest, "replaced": list(replaced)}}


def worker(node: str) -> Worker:
    return Worker(node=node, answered=True, expected_by=("pidbox",), celery="5.4.0", kombu="5.4.2", python="3.11.9")


def heard(into: Snapshots, *answers: tuple[str, str, Json]) -> list[Question]:
    return [question for node, method, answer in answers for question in into.hear(node, method, answer)]


def test_the_step_and_its_reader_speak_of_the_same() -> None:
    assert (worker_step.COMMAND, worker_step.MARK) == (module.COMMAND, module.MARK)


def test_of_many_workers_with_one_snapshot_one_is_asked_for_it() -> None:
    into = Snapshots()
    asked = heard(into, *((f"w{number}", "stats", stats("d")) for number in range(50)))
    assert asked == [Question(node="w0", method=COMMAND)]
    assert heard(into, ("w0", COMMAND, {"ok": BODY})) == []
    (found,) = version_sets([worker(f"w{number}") for number in range(50)], into)
    assert (len(found.nodes), found.whole, dict(found.packages)["celery"]) == (50, True, "5.4.0")


def test_a_worker_without_the_step_is_asked_nothing_more() -> None:
    into = Snapshots()
    assert heard(into, ("old", "stats", {"pool": {}}), ("old", "ping", {"ok": "pong"})) == []
    (found,) = version_sets([worker("old")], into)
    assert (found.whole, found.packages) == (False, (("celery", "5.4.0"), ("kombu", "5.4.2")))


def test_where_one_is_silent_another_is_asked_in_the_second_round() -> None:
    into = Snapshots()
    heard(into, ("a", "stats", stats("d")), ("b", "stats", stats("d")))
    assert heard(into, ("b", "stats", stats("d"))) == [Question(node="b", method=COMMAND)]
    heard(into, ("b", COMMAND, {"ok": BODY}))
    assert heard(into, ("a", "stats", stats("d"))) == [], "it is there now"


def test_a_snapshot_that_never_came_is_unseen_and_what_the_worker_reports_stays() -> None:
    into = Snapshots()
    heard(into, ("a", "stats", stats("d")))
    broadcast = Broadcast(endpoint=BROKER.subject, subscribers=1, replies=1)
    look = Look(probe="celery", asked="x", evidence=Evidence(tool="test"), facts=(broadcast, worker("a")))
    looks = looks_of(BROKER, [look], into)
    (unseen,) = [each.unseen for each in looks if each.unseen is not None]
    assert (unseen.subject, unseen.cause) == ("a", "the worker step gave no snapshot")
    assert [each.whole for one in looks for each in one.facts if isinstance(each, VersionSet)] == [False]


def test_the_same_versions_are_one_set_whatever_the_settings() -> None:
    into = Snapshots()
    other: dict[str, Json] = {**BODY, "settings": {"task_acks_late": False}}
    heard(into, ("a", "stats", stats("d")), ("b", "stats", stats("e")))
    heard(into, ("a", COMMAND, {"ok": BODY}), ("b", COMMAND, {"ok": other}))
    look = Look(probe="celery", asked="x", evidence=Evidence(tool="test"), facts=(worker("a"), worker("b")))
    facts = [fact for each in looks_of(BROKER, [look], into) for fact in each.facts]
    assert [each.nodes for each in facts if isinstance(each, VersionSet)] == [("a", "b")]
    assert sorted(each.nodes for each in facts if isinstance(each, SettingSet)) == [("a",), ("b",)]


def test_no_secret_is_believed_to_have_been_left_out() -> None:
    leaking: dict[str, Json] = {
        "packages": {"redis": "redis://user:s3cret@host/0"},
        "system": "amqp://:s3cret@host",
        "settings": {"a": "redis://:s3cret@host", "task_secret": "s3cret", "list": ["u:s3cret@h"]},
    }
    assert "s3cret" not in str(told_by({"ok": leaking}))


def test_the_order_of_the_answers_changes_no_set() -> None:
    def sets(nodes: Iterable[str]) -> list[str]:
        into = Snapshots()
        for node in nodes:
            for question in heard(into, (node, "stats", stats("d"))):
                heard(into, (question.node, COMMAND, {"ok": BODY}))
        return [each.id for each in version_sets([worker(node) for node in sorted(nodes)], into)]

    assert sets(["a", "b", "c"]) == sets(["c", "b", "a"])


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["ok", "packages", "snapshot", MARK, "replaced", "programs", "settings"]) | st.text(),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@given(values)
def test_whatever_a_worker_answers_is_taken_in(answer: Json) -> None:
    into = Snapshots()
    heard(
        into, ("a", "stats", answer), ("a", "stats", stats("d")), ("a", COMMAND, answer), ("a", COMMAND, {"ok": answer})
    )
    assert version_sets([worker("a")], into)
