"""What is known to work together: the content of one matrix file."""

from dataclasses import dataclass, field
from datetime import date

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from stackaudit.model.findings import Severity
from stackaudit.model.places import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A sentence about a component, with its source; `versions` says which it holds for (empty: all).

    With a `severity` it is a known fault: `text` says what breaks. `beside` are what else must be there for it to break: requirements on
    other packages as PEP 508 lines, and on the Python as `python>=3.12`. Without a severity the note is for readers alone.
    """

    text: str
    source: str
    versions: SpecifierSet = field(default_factory=SpecifierSet)
    severity: Severity | None = None
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageRange:
    """Versions of one package that share their bounds, from published metadata.

    `releases` are the versions listed, each with its release date, oldest first. A version inside `versions` that is not listed is a newer
    patch that nobody looked at yet. `requires` are hard bounds, `extras` those behind extras: (extra, bounds), as PEP 508 lines.
    `pythons` are the minor versions in its classifiers, `python_documented` what its documentation says where that differs.
    `runtime` are bounds that its code enforces when run, `servers` bounds on servers: (`redis`, `>=6.2`).
    """

    versions: SpecifierSet
    releases: tuple[tuple[Version, date], ...]
    requires_python: SpecifierSet
    pythons: tuple[str, ...]
    requires: tuple[str, ...] = ()
    extras: tuple[tuple[str, tuple[str, ...]], ...] = ()
    runtime: tuple[str, ...] = ()
    servers: tuple[tuple[str, str], ...] = ()
    python_documented: SpecifierSet | None = None
    yanked: tuple[Version, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageEntry:
    """One package of the stack.

    `required` is True where the stack is not one without it, `pin` where the stack's own files should pin it (False for what comes along
    and does not run in this stack). `extras` are the extras that the stack uses.
    """

    name: NormalizedName
    role: str
    source: str
    required: bool
    ranges: tuple[PackageRange, ...]
    extras: tuple[str, ...] = ()
    notes: tuple[Note, ...] = ()
    pin: bool = True

    def range_of(self, version: Version) -> PackageRange | None:
        """The range that covers `version`, or None: then nobody vouches for it."""
        return next((each for each in self.ranges if each.versions.contains(version, prereleases=True)), None)


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
    notes: tuple[Note, ...] = ()

    def branch(self, name: str) -> Branch | None:
        """The branch called `name`, such as `7.0`, or None."""
        return next((each for each in self.branches if each.name == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Matrix:
    """One matrix file, parsed. `rung` is how strong its declared layer is; `looked_at` the day its facts were read."""

    name: str
    title: str
    version: str
    looked_at: date
    rung: str
    pythons: tuple[Branch, ...]
    packages: tuple[PackageEntry, ...]
    products: tuple[ProductEntry, ...]
    where: Place
    sha256: str
    content: str

    def package(self, name: str) -> PackageEntry | None:
        """The entry of package `name` (normalized), or None."""
        return next((entry for entry in self.packages if entry.name == name), None)

    def product(self, name: str) -> ProductEntry | None:
        """The entry of service product or program `name`, or None."""
        return next((entry for entry in self.products if entry.name == name), None)

    def python(self, minor: str) -> Branch | None:
        """The branch of Python `minor`, such as `3.11`, or None."""
        return next((branch for branch in self.pythons if branch.name == minor), None)
