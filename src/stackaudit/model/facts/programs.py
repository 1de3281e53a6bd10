"""Facts: which programs are there, and what they made."""

from enum import StrEnum

from stackaudit.model.facts.fact import Fact
from stackaudit.model.values import dataclass


class ProgramState(StrEnum):
    """Whether a program works, as seen."""

    WORKS = "works"
    ABSENT = "absent"
    BROKEN = "broken"
    HUNG = "hung"
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True, kw_only=True)
class Program(Fact):
    """One program on this machine and what its banner says.

    `state` is `foreign` where something else answered under that name. `kind` is `release`, `release+git`, `git` or `unknown`;
    `branch` is `major.minor`, for a git build worked out from its library versions; `owner` is the distribution package and version that
    owns the file (`ffmpeg 7:5.1.9-0+deb12u1`), None where no package manager claims it; `fixes` are the CVE ids that its changelog
    names, None where there is none to read. `features` are those asked about and present; `flags` are those that it was configured with
    and that decide on its license (`--enable-gpl`).
    """

    name: str
    path: str | None
    state: ProgramState
    detail: str
    version: str | None = None
    kind: str | None = None
    branch: str | None = None
    owner: str | None = None
    fixes: tuple[str, ...] | None = None
    features: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """The program's name."""
        return self.name

    @property
    def unasked(self) -> str:
        """The sentence that its failing shares with all that it could not be asked for that."""
        return f"{self.name} does not work, and was asked no more: {self.detail}"


@dataclass(frozen=True, slots=True, kw_only=True)
class MediaTrial(Fact):
    """One real step through ffmpeg and what its file turned out to be; sizes in bytes and pixels.

    `ok` is what the examined file says, never the exit status alone; `detail` says it in words.
    """

    step: str
    ok: bool
    detail: str
    exit_status: int | None = None
    size: int | None = None
    width: int | None = None
    height: int | None = None

    @property
    def subject(self) -> str:
        """`ffmpeg thumbnail`."""
        return f"ffmpeg {self.step}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Need(Fact):
    """Something that the project says it needs of ffmpeg: a `kind` (`encoder`, `option`) and a `name`, and whether this build has it."""

    kind: str
    name: str
    met: bool

    @property
    def subject(self) -> str:
        """`ffmpeg encoder libx264`."""
        return f"ffmpeg {self.kind} {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy(Fact):
    """One of several files called `name` on PATH, in the order of PATH; `version` is None where it does not answer as that program."""

    name: str
    path: str
    version: str | None
    first: bool

    @property
    def subject(self) -> str:
        """`ffmpeg /usr/local/bin/ffmpeg`."""
        return f"{self.name} {self.path}"
