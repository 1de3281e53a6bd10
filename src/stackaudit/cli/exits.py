"""The exit statuses that scripts rely on."""

import functools
from collections.abc import Callable
from enum import IntEnum
from typing import ParamSpec

from stackaudit.model.findings import Verdict

P = ParamSpec("P")


class Exit(IntEnum):
    """What each exit status means; the same for every command and every format."""

    PASSED = 0
    FAILED = 1
    USAGE = 2
    UNKNOWN = 3
    BUG = 70
    INTERRUPTED = 130

    @classmethod
    def of(cls, verdict: Verdict) -> "Exit":
        """The status of an audit's verdict."""
        return {Verdict.FAIL: cls.FAILED, Verdict.UNKNOWN: cls.UNKNOWN}.get(verdict, cls.PASSED)


class Interrupted(BaseException):
    """Ctrl-C or SIGTERM. A class of its own, since Typer turns KeyboardInterrupt into a status that means "findings"."""


class Ended(Exception):  # noqa: N818 - what was seen, no error of ours
    """A package that was imported ended the process, as a script does: its status is no verdict."""


_OF_SIGNALS = 128
"""Statuses above it say which signal ended the process (`lab.interruptions`)."""


def interruptible(command: Callable[P, None]) -> Callable[P, None]:
    """`command`, whose interruption ends in `Interrupted`, and whose end by anybody but Typer in `Ended`."""

    @functools.wraps(command)
    def wrapped(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except KeyboardInterrupt:
            raise Interrupted from None
        except SystemExit as end:
            if isinstance(end.code, int) and end.code > _OF_SIGNALS:
                raise
            raise Ended from end

    return wrapped
