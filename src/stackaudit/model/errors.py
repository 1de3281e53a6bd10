"""What can go wrong by the user's doing, told in sentences with places.

::

    StackauditError          one `except` in the program catches it: the command line's
    ├── UsageError           the command line or the environment of the call is wrong          exit 2
    ├── InputError           one or more files are wrong; carries every fault, not the first   exit 2
    └── SandboxError         a throwaway stack can't be built here and now: nothing is known   exit 3
        └── UnfitError       the pins, or the Python, that were named make none                exit 2

What the *world* does wrong is never an exception: it is an `Unseen` or a finding.
"""

from collections.abc import Sequence

from stackaudit.model.places import Place
from stackaudit.model.values import dataclass


class StackauditError(Exception):
    """The root of all errors that are told to the user; `hint` says what to do."""

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(StackauditError):
    """The call itself is wrong: an option, a combination of options, or nothing to audit."""


class SandboxError(StackauditError):
    """A throwaway stack can't be built here and now: nothing was audited, and nothing is wrong with what was asked."""


class UnfitError(SandboxError):
    """The pins, or the Python, that were named for a throwaway stack make none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong in one file: where, what, and what to do."""

    where: Place
    message: str
    hint: str | None = None

    def __str__(self) -> str:
        return f"{self.where}: {self.message}"


class InputError(StackauditError):
    """Files that were named, or that settings live in, are wrong."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)
