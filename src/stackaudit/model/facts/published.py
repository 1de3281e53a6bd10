"""Facts: what the index says of releases, and what an installer makes of it."""

from datetime import datetime

from packaging.utils import NormalizedName
from packaging.version import Version

from stackaudit.model.facts.fact import Fact
from stackaudit.model.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Release(Fact):
    """What the index says of one package at one version (PEP 691, PEP 700). Times are UTC.

    `exists` is False where the index knows the project but not the version, `known` is False where not even the project.
    `newest_in_series` and `newest` count final releases that are not yanked; `newest_for_python` also needs a Requires-Python that admits
    the target; each has the time of its first upload beside it. `last_release` is the time of the newest upload of the project. All times
    are None where the index does not tell them.
    """

    name: NormalizedName
    version: str
    known: bool
    exists: bool
    uploaded_at: datetime | None = None
    requires_python: str | None = None
    yanked: bool = False
    yanked_reason: str | None = None
    newest_in_series: str | None = None
    newest_in_series_at: datetime | None = None
    newest: str | None = None
    newest_for_python: str | None = None
    newest_for_python_at: datetime | None = None
    last_release: datetime | None = None

    @property
    def subject(self) -> str:
        """`name==version`."""
        return f"{self.name}=={self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Upload:
    """One version of a project on the index, with the time (UTC) of its first file, None where the index does not tell."""

    version: str
    at: datetime | None
    yanked: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class History(Fact):
    """All versions that the index has of one project, in their order; those that are not PEP 440 are left out.

    `known` is False where the index does not know the project.
    """

    name: NormalizedName
    known: bool
    uploads: tuple[Upload, ...] = ()

    @property
    def subject(self) -> str:
        """The project."""
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Published(Fact):
    """What the metadata of one release on the index declare: raw Requires-Dist lines, and the minor Pythons that its classifiers name."""

    name: NormalizedName
    version: str
    requires: tuple[str, ...] = ()
    requires_python: str | None = None
    pythons: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """`name==version`."""
        return f"{self.name}=={self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution(Fact):
    """What an installer would put on a fresh machine for the `files` that the project declares, on Python `python`.

    `packages` are names and versions, sorted by name. Where no versions go together there are none, and `refusal` says why, by the
    installer's own account. `until` is the moment (UTC) after which nothing had been uploaded yet; None where it is today's install.
    `required_by` are names, sorted, with those of the packages that require them, where the installer says that: not of what the files
    alone ask for.
    """

    files: tuple[str, ...]
    python: str
    packages: tuple[tuple[NormalizedName, str], ...] = ()
    refusal: str | None = None
    until: datetime | None = None
    required_by: tuple[tuple[NormalizedName, tuple[NormalizedName, ...]], ...] = ()

    @property
    def subject(self) -> str:
        """`a fresh install of requirements.txt`."""
        return f"a fresh install of {', '.join(self.files)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class RowResolution(Fact):
    """What an installer made of one row of a matrix, on one Python and the platform that was asked from.

    `cell` names it (`3.11:5.4`: the Python, the series of the stack's first package), `row` are the requirement lines that it was asked to
    take. `packages` are all that it would install, by name; empty where it refused, and then `refused` says why in its words.
    """

    cell: str
    python: str
    platform: str
    row: tuple[str, ...]
    packages: tuple[tuple[NormalizedName, Version], ...] = ()
    refused: str | None = None

    @property
    def subject(self) -> str:
        """The cell."""
        return self.cell
