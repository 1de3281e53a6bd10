"""Facts: what an interpreter's environment holds."""

from packaging.utils import NormalizedName

from stackaudit.model.facts.fact import Fact
from stackaudit.model.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class InterpreterFact(Fact):
    """The target's interpreter. `markers` are its PEP 508 environment markers; `pip` is the version of the pip installed in it.

    `bundled_pip` is the path of the pip wheel that ships with it for `ensurepip`; `leftovers` are the metadata folders that interrupted
    uninstalls left behind (`.../~elery-5.4.0.dist-info`): what they name is not installed.
    """

    path: str
    version: str
    implementation: str
    platform: str
    prefix: str
    markers: tuple[tuple[str, str], ...]
    site_packages: tuple[str, ...]
    virtual: bool
    pip: str | None
    bundled_pip: str | None = None
    leftovers: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """`Python 3.11.14`."""
        return f"Python {self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution(Fact):
    """One installed distribution, from the headers of its METADATA.

    `version` is as published (not always PEP 440). `requires` are the raw Requires-Dist lines, `provides` the Provides-Extra names,
    `classifiers` only those that begin with `Programming Language :: Python`. `url` is PEP 610's direct URL, redacted, for what did not
    come from an index; `editable` is PEP 610's flag. `problem` says in our words why its metadata could not be read whole.
    `listed` says whether its RECORD tells which files it wrote; `bundled` are the names of the native libraries and of the ffmpeg programs
    among them that were made elsewhere and put into the wheel (`libssl-1b2c3d4e.so.3`).
    """

    name: NormalizedName
    version: str
    requires: tuple[str, ...] = ()
    requires_python: str | None = None
    provides: tuple[str, ...] = ()
    classifiers: tuple[str, ...] = ()
    location: str = ""
    installer: str | None = None
    url: str | None = None
    editable: bool = False
    problem: str | None = None
    listed: bool = False
    bundled: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """`name==version`."""
        return f"{self.name}=={self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModuleClash(Fact):
    """One module of which several installed distributions wrote the same files with different contents, by their RECORDs.

    `module` is the import name (`ffmpeg`) of all the `files` that they dispute. `owners` (`name==version`) are sorted; of them are `intact`
    those whose every disputed file lies on disk as they wrote it, and `hollow` those of whose files only empty ones were written over.
    """

    module: str
    owners: tuple[str, ...]
    intact: tuple[str, ...]
    files: int
    hollow: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """`module ffmpeg`."""
        return f"module {self.module}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Build(Fact):
    """What the WHEEL file of one installed distribution says that it was built for: `tags`, sorted (`cp311-cp311-linux_x86_64`).

    `fits` says whether the target's Python takes one of them.
    """

    name: NormalizedName
    version: str
    tags: tuple[str, ...]
    fits: bool

    @property
    def subject(self) -> str:
        """`name==version`."""
        return f"{self.name}=={self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportTrial(Fact):
    """One component of the stack imported in the target's own interpreter, by `statement`, in processes of their own.

    Its time and memory are measured beside it, not here. `problem` says in our words why nothing could be measured.
    """

    name: NormalizedName
    version: str
    statement: str
    problem: str | None = None

    @property
    def subject(self) -> str:
        """`name==version`."""
        return f"{self.name}=={self.version}"
