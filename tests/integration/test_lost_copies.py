"""A copy whose folder is taken away while it is used shows nothing: what did not hold then is no fault of the stack's."""

import os
import resource
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from drilling import looks_of
from stackaudit.lab.bench import Bench, Lab
from stackaudit.lab.drill import Drill
from stackaudit.lab.drilling import Session, run_drills
from stackaudit.lab.interruptions import Interruptions
from stackaudit.lab.room import open_room
from stackaudit.lab.sandbox import BUILDING, sandbox
from stackaudit.model.deadline import Deadline
from stackaudit.model.errors import SandboxError
from stackaudit.model.facts.trials import RecoveryTrial
from tools import require

LOST = "the copy was lost: its temporary folder was removed while it was used"


def clear(folder: Path) -> None:
    """Remove all that is in `folder`, as who tidies up among temporary files does; what is used just then may be written anew."""
    for each in folder.iterdir():
        shutil.rmtree(each) if each.is_dir() else each.unlink()
    (folder / "processes").touch()


def taken_away(bench: Bench) -> Iterator[str]:
    clear(bench.lab.room.folder)
    yield "a task did not return"


def removed(bench: Bench) -> Iterator[str]:
    shutil.rmtree(bench.lab.room.folder)
    yield "a task did not return"


def failing(_bench: Bench) -> Iterator[str]:
    yield "a task did not return"


def drill(name: str, *, calm: bool, lost: bool) -> Drill:
    run = taken_away if lost else failing
    return Drill(name=name, sentence=f"{name} holds", kind=RecoveryTrial, run=run, calm=calm, needs_worker=False)


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    # No worker starts with it: what is tried here needs none.
    return Lab(room=open_room(Interruptions()), python=Path(sys.executable), path=os.defpath, pool="solo")


def test_what_did_not_hold_in_a_folder_that_is_no_more_is_not_seen(lab: Lab) -> None:
    (look,) = looks_of(lab, [drill("first", calm=False, lost=True)]).values()
    assert look.facts == ()
    assert look.unseen is not None
    assert look.unseen.cause == LOST
    (look,) = looks_of(lab, [drill("sound", calm=False, lost=False)]).values()
    assert look.unseen is None


def test_a_drill_that_finds_no_folder_any_more_is_not_seen_and_the_others_are_told(lab: Lab) -> None:
    # One after the other: the first leaves no folder to the others.
    session = Session(lab=lab, cell="cell", evidence={}, deadline=Deadline(60), jobs=1)
    chosen = [
        Drill(name=f"drill-{number}", sentence="it holds", kind=RecoveryTrial, run=removed, needs_worker=False)
        for number in range(3)
    ]
    causes = [look.unseen.cause for look in run_drills(session, chosen) if look.unseen is not None]
    assert causes == [LOST, LOST, LOST]


def test_what_was_seen_of_a_sandbox_that_is_no_more_does_not_count(lab: Lab) -> None:
    require("redis-server")
    assert lab.room.trouble() is None
    with (
        pytest.raises(SandboxError, match="does not count: its temporary folder was removed"),
        sandbox(["vine==5.1.0"], None, Deadline(BUILDING)) as built,
    ):
        clear(built.python.parents[2])


def test_a_folder_that_can_be_made_and_not_filled_is_not_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    # As on a full disk: a folder finds room, and what is in a file does not.
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        with pytest.raises(SandboxError, match="there is no temporary folder"):
            open_room(Interruptions())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert list(tmp_path.iterdir()) == []
