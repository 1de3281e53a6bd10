"""Finds which distribution package a file belongs to."""

from pathlib import Path

from stackaudit.model.deadline import Deadline
from stackaudit.outside import process

_PATIENCE = 5.0


def owner(path: str, deadline: Deadline, *, group: bool = True) -> str | None:
    """The Debian package and version that owns `path`, else the file behind it (`ffmpeg 7:5.1.9-0+deb12u1`); None where none does.

    The path comes first: Debian's redis-server is a link to a program of another package. `group` is as in `process.run`.
    """
    for each in dict.fromkeys((path, str(Path(path).resolve()))):
        search = process.run(["dpkg-query", "--search", each], deadline.within(_PATIENCE), group=group)
        # `package[:architecture][, package…]: path`; a line about a diversion names another path or none.
        lines = [line.partition(": ") for line in search.text.splitlines()] if search.exit_status == 0 else []
        packages = [names.split(", ")[0] for names, _, found in lines if found == each]
        if packages:
            command = ["dpkg-query", "--show", "--showformat=${Package} ${Version}", packages[0]]
            shown = process.run(command, deadline.within(_PATIENCE), group=group)
            return shown.text.strip() or None if shown.exit_status == 0 else None
    return None
