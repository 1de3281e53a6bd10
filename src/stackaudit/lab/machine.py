"""What of this machine a cell is drilled on: the server and the ffmpeg, with their versions."""

import os
import re
from pathlib import Path

from stackaudit.lab.media import find_ffmpeg
from stackaudit.lab.servers import programs
from stackaudit.model.deadline import Deadline
from stackaudit.model.values import dataclass
from stackaudit.outside import process

_OLDEST = 6
"""The major version from which on a server knows users: https://redis.io/docs/latest/operate/oss_and_stack/management/security/acl/."""

_PATIENCE = 10.0
"""Seconds that a program may take to say its version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """`server` is the name and the version of the server that drills start (`redis-server`, `7.0.15`), None where there is none.

    `ffmpeg` is the path of the ffmpeg and its version; None where there is none.
    """

    server: tuple[str, str] | None
    ffmpeg: tuple[str, str] | None

    @property
    def told(self) -> tuple[str, ...]:
        """`redis-server 7.0.15`, `ffmpeg 5.1.9-0+deb12u1`: what there is of both."""
        server = [" ".join(self.server)] if self.server is not None else []
        return (*server, *([f"ffmpeg {self.ffmpeg[1]}"] if self.ffmpeg is not None else []))


def this_machine(deadline: Deadline) -> Machine:
    """The first server that says its version and is not too old for drills, and the ffmpeg that sandboxes get."""
    servers = ((Path(each).name, _version(each, "--version", r"\bv=(\S+)", deadline)) for each in programs())
    server = next(((name, version) for name, version in servers if version is not None and _has_users(version)), None)
    ffmpeg = find_ffmpeg()
    version = _version(ffmpeg, "-version", r"^ffmpeg version (\S+)", deadline) if ffmpeg is not None else None
    return Machine(server=server, ffmpeg=(ffmpeg, version) if ffmpeg is not None and version is not None else None)


def _has_users(version: str) -> bool:
    """Whether a server of that version takes the configuration of a bench: one that does not is passed over for the next."""
    major = version.partition(".")[0]
    return not major.isdecimal() or int(major) >= _OLDEST


def _version(program: str, option: str, pattern: str, deadline: Deadline) -> str | None:
    answer = process.run([program, option], deadline.within(_PATIENCE), cwd=Path(os.sep))
    found = re.search(pattern, answer.text)
    return found[1] if found is not None and answer.exit_status == 0 else None
