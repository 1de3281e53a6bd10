"""The private servers start wherever the temporary folder is."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from stackaudit.lab.broker import BreakableServer
from stackaudit.lab.interruptions import Interruptions
from stackaudit.lab.room import Room
from stackaudit.lab.servers import start_server
from stackaudit.model.deadline import Deadline
from stackaudit.outside.places import Folder
from tools import require


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    require("redis-server")
    folder = tmp_path / 'it\'s "our" folder, größer'
    folder.mkdir()
    with Interruptions() as interruptions:
        room = Room(Folder(path=folder), interruptions)
        try:
            yield room
        finally:
            room.close()


def test_the_server_of_a_sandbox_starts_in_a_folder_with_quotes_and_spaces(room: Room) -> None:
    with start_server(room, Deadline(30)).client() as client:
        assert client.ping()


def test_the_server_of_a_drill_starts_and_starts_again_in_a_folder_with_quotes_and_spaces(room: Room) -> None:
    server = BreakableServer(room, "prefork.calm.server", Deadline(30))
    server.stop()
    assert server.start()
