"""Facts: what became of a stack that was drilled, one run of one drill each."""

from stackaudit.model.facts.fact import Fact
from stackaudit.model.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class DrilledStack(Fact):
    """One cell (`3.11:prefork`) of what was drilled: the copy, with workers of `pool`."""

    cell: str
    pool: str

    @property
    def subject(self) -> str:
        """The cell."""
        return self.cell


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut(Fact):
    """One drill that was not run on a cell, and why. `sentence` says what would have had to hold."""

    cell: str
    drill: str
    sentence: str
    reason: str

    @property
    def subject(self) -> str:
        """The drill's name."""
        return self.drill


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial(Fact):
    """One run of one drill on a cell (`3.11:prefork`). `run` counts from 1.

    `sentence` says what must hold, `problems` what did not, in our words, with no port, path or time of this run in them; empty where it
    held. `source` is the address of the documentation or report that the drill is from.
    """

    cell: str
    drill: str
    sentence: str
    run: int = 1
    problems: tuple[str, ...] = ()
    source: str | None = None

    @property
    def subject(self) -> str:
        """The drill's name."""
        return self.drill


@dataclass(frozen=True, slots=True, kw_only=True)
class ExerciseTrial(Trial):
    """Of the everyday: what a stack does when nothing is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WarningTrial(Trial):
    """Of what goes away one day: what a stack warns of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlTrial(Trial):
    """Of the remote control: whether workers answer those who ask after them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryTrial(Trial):
    """Of a fault of the broker, the result backend or the way there: whether a task that is sent after it comes back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyTrial(Trial):
    """Of what was entrusted to the stack: whether a task is lost, or run twice though the settings do not say so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FfmpegTrial(Trial):
    """Of what ffmpeg does through ffmpeg-python when nothing is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FfmpegFaultTrial(Trial):
    """Of what ffmpeg does through ffmpeg-python with a bad input."""
