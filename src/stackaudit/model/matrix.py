"""What is known to work together: the content of one matrix file."""

from collections.abc import Iterable, Iterator
from dataclasses import field
from datetime import date, datetime
from enum import StrEnum

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from stackaudit.model.known_bad import KnownBad
from stackaudit.model.places import Place
from stackaudit.model.values import dataclass


class Rung(StrEnum):
    """How strong the evidence behind a cell is, weakest first."""

    STATED = "stated"
    PUBLISHED = "published"
    RESOLVED = "resolved"
    IMPORTED = "imported"
    EXERCISED = "exercised"
    SURVIVED = "survived"

    @property
    def rank(self) -> int:
        """0 for stated to 5 for survived."""
        return list(Rung).index(self)

    @property
    def earns_tick(self) -> bool:
        """Whether a cell of this rung may be shown with a tick: from `resolved` on."""
        return self.rank >= Rung.RESOLVED.rank


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A sentence about a component for its readers, with its source; `versions` says which it holds for (empty: all)."""

    text: str
    source: str
    where: Place
    versions: SpecifierSet = field(default_factory=SpecifierSet)


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageRange:
    """Versions of one package that share their published metadata.

    `releases` are the versions listed, each with its release date, oldest first. A version inside `versions` that is not listed is a newer
    patch that nobody looked at yet. `requires` are hard bounds, `extras` those behind extras: (extra, bounds), as PEP 508 lines.
    `pythons` are the minor versions in its classifiers.
    """

    versions: SpecifierSet
    releases: tuple[tuple[Version, date], ...]
    requires_python: SpecifierSet
    pythons: tuple[str, ...]
    requires: tuple[str, ...] = ()
    extras: tuple[tuple[str, tuple[str, ...]], ...] = ()
    yanked: tuple[Version, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """What no metadata of a package says: by its code, or by its documentation.

    `runtime` are bounds that its code enforces when run, as PEP 508 lines, `servers` bounds on servers: (`redis`, `>=6.2`),
    `python_documented` the Pythons that its documentation names where the metadata says something else.
    """

    versions: SpecifierSet
    source: str
    where: Place
    runtime: tuple[str, ...] = ()
    servers: tuple[tuple[str, SpecifierSet], ...] = ()
    python_documented: SpecifierSet | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageEntry:
    """One package of the stack.

    `required` is True where the stack is not one without it, `pin` where the stack's own files should pin it (False for what comes along
    and does not run in this stack). `extras` are the extras that the stack uses. `derive` are the versions whose ranges come from published
    metadata, None where people wrote the ranges. `withdrawn` are releases that the index no longer has.
    """

    name: NormalizedName
    role: str
    source: str
    required: bool
    ranges: tuple[PackageRange, ...]
    where: Place
    extras: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    demands: tuple[Demand, ...] = ()
    pin: bool = True
    derive: SpecifierSet | None = None
    withdrawn: tuple[Version, ...] = ()

    def range_of(self, version: Version) -> PackageRange | None:
        """The range that covers `version`, or None: then nobody vouches for it."""
        return next((each for each in self.ranges if each.versions.contains(version, prereleases=True)), None)

    def demands_of(self, version: Version) -> Iterator[Demand]:
        """What `version` demands and its metadata does not say."""
        return (each for each in self.demands if each.versions.contains(version, prereleases=True))

    def listed(self) -> Iterator[tuple[Version, date]]:
        """All releases listed, with their dates."""
        return (release for each in self.ranges for release in each.releases)

    @property
    def rung(self) -> Rung:
        """How strong the evidence for its ranges is by itself."""
        return Rung.STATED if self.derive is None else Rung.PUBLISHED


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What was proved of one combination on one Python (`3.11`), when (UTC), by which tool and version, on which platform.

    `packages` are all that was installed or resolved, by name; `record` is the SHA-256 of the record that shows it.
    """

    python: str
    rung: Rung
    at: datetime
    by: str
    platform: str
    packages: tuple[tuple[NormalizedName, Version], ...]
    record: str

    def told(self, platform: str | None = None) -> str:
        """`resolved (2026-11-22, uv 0.13.9)`, with its platform where the one that it is told for is another, or not known."""
        words = [str(self.at.date()), self.by, *([f"on {self.platform}"] if platform != self.platform else [])]
        return f"{self.rung} ({', '.join(words)})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Branch:
    """A release branch of Python, a server or a program, with its dates; `end_of_life` None means that no date is set.

    `maintained` is False where its makers say that it has ended and the source gives no date.
    """

    name: str
    released: date | None
    end_of_life: date | None
    latest: str | None
    source: str
    maintained: bool = True

    def ended(self, today: date) -> bool:
        """Whether its support had ended on `today`."""
        return not self.maintained or (self.end_of_life is not None and self.end_of_life < today)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductEntry:
    """A service's product (`redis`, `valkey`) or a program (`ffmpeg`) with its branches, oldest first."""

    name: str
    kind: str
    role: str
    branches: tuple[Branch, ...]
    where: Place
    notes: tuple[Note, ...] = ()

    def branch(self, name: str) -> Branch | None:
        """The branch called `name`, such as `7.0`, or None."""
        return next((each for each in self.branches if each.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """One file of a matrix as it was read: `name` is empty for the one that people wrote, else `published` or `proof`."""

    name: str
    sha256: str
    content: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """One matrix: the file that people wrote, and what machines wrote beside it.

    `looked_at` is the day on which people looked at their facts, `published_at` the moment (UTC) of the index that the derived ranges show.
    `brokers` are the URL schemes of the brokers that it is for; empty: any. `sha256` is over all layers.
    """

    name: str
    title: str
    version: str
    looked_at: date
    pythons: tuple[Branch, ...]
    packages: tuple[PackageEntry, ...]
    products: tuple[ProductEntry, ...]
    where: Place
    sha256: str
    layers: tuple[Layer, ...]
    known_bad: tuple[KnownBad, ...] = ()
    brokers: tuple[str, ...] = ()
    published_at: datetime | None = None
    proofs: tuple[Proof, ...] = ()

    def package(self, name: str) -> PackageEntry | None:
        """The entry of package `name` (normalized), or None."""
        return next((entry for entry in self.packages if entry.name == name), None)

    def product(self, name: str) -> ProductEntry | None:
        """The entry of service product or program `name`, or None."""
        return next((entry for entry in self.products if entry.name == name), None)

    def python(self, minor: str) -> Branch | None:
        """The branch of Python `minor`, such as `3.11`, or None."""
        return next((branch for branch in self.pythons if branch.name == minor), None)

    @property
    def rung(self) -> Rung:
        """How strong its ranges are by themselves: the weakest of its packages'."""
        return min((entry.rung for entry in self.packages), key=lambda each: each.rank, default=Rung.STATED)

    def proofs_of(self, python: str, versions: Iterable[tuple[str, Version]]) -> tuple[Proof, ...]:
        """The proofs of exactly `versions`, the stack's packages, together on Python `python` (`3.11`), the strongest and newest first.

        A proof with a package of the stack more or less is one of another combination; but what comes along and does not run in this stack
        (`pin` is False) may be missing from `versions`.
        """
        wanted = set(versions)
        along = {entry.name for entry in self.packages if not entry.pin}
        stack = {entry.name for entry in self.packages}
        found = []
        for proof in self.proofs:
            proved = {each for each in proof.packages if each[0] in stack}
            if (
                wanted
                and proof.python == python
                and wanted <= proved
                and {name for name, _ in proved - wanted} <= along
            ):
                found.append(proof)
        return tuple(sorted(found, key=lambda each: (each.rung.rank, each.at), reverse=True))
