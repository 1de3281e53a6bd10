"""Facts: what the machine, the registry and the services showed, verbatim; no judgment."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from packaging.utils import NormalizedName
from packaging.version import Version

from stackaudit.model.findings import Severity


class Fact:
    """The base of all facts. `subject` is how findings name it."""

    __slots__ = ()

    @property
    def subject(self) -> str:
        """How findings name this fact."""
        raise NotImplementedError


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
class Conflict:
    """One line of `pip check`. `needs` is the requirement as pip printed it; `found` the installed version, None where absent."""

    name: NormalizedName
    version: str
    kind: str
    needs: str
    found: str | None
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PipCheck(Fact):
    """One run of `pip check` that gave an answer.

    `whose` pip it was is `target`, `ours` or `bundled`; `blind` names the packages that pip said it passed over.
    """

    pip_version: str
    whose: str
    conflicts: tuple[Conflict, ...]
    blind: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """`pip check`."""
        return "pip check"


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
class Advisory:
    """One advisory for one version. `id` is the source's own; `aliases` are all its other ids, sorted.

    `severity` is None where no record of it says how bad it is; `score` (0.0 to 10.0) is that of the CVSS `vector`, both None where the
    severity is a database's word. `fixed_in` are the versions that clear it, in order.
    """

    id: str
    aliases: tuple[str, ...]
    summary: str
    fixed_in: tuple[str, ...]
    severity: Severity | None = None
    score: float | None = None
    vector: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited(Fact):
    """One package version that an advisory service was really asked about, and what it answered."""

    name: NormalizedName
    version: str
    service: str
    advisories: tuple[Advisory, ...]

    @property
    def subject(self) -> str:
        """`name==version`."""
        return f"{self.name}=={self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvisoryCopy(Fact):
    """A copy of advisories on this machine that answered: it knows nothing of what was published later.

    `as_of` is the day of its newest record (ISO), empty where no record says; `sha256` is the digest of its records.
    """

    name: str
    as_of: str
    sha256: str

    @property
    def subject(self) -> str:
        """How it is called."""
        return self.name


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
class SourceRead(Fact):
    """What the Python source of some components shows: who reads which of the variables that were asked about.

    `searched` are the components whose source was read, `asked` the variables that are named like theirs, `readers` pairs of one of these
    and where it is read (`celery: celery/bin/worker.py`).
    `coroutines` counts the `async def` of each component.
    """

    searched: tuple[str, ...]
    asked: tuple[str, ...] = ()
    readers: tuple[tuple[str, str], ...] = ()
    coroutines: tuple[tuple[str, int], ...] = ()

    @property
    def subject(self) -> str:
        """`source of celery, kombu`."""
        return f"source of {', '.join(self.searched)}"


class ServiceState(StrEnum):
    """How a service answered; each but `UP` was seen, none is a guess."""

    UP = "up"
    REFUSED = "refused"
    SILENT = "silent"
    DENIED = "denied"
    LOADING = "loading"
    MISCONF = "misconf"
    TLS = "tls"
    PROTOCOL = "protocol"
    DATABASE = "database"
    FULL = "full"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse(Fact):
    """How the Redis-compatible server at one endpoint answered.

    `endpoint` is its redacted URL. `detail` says in our words what was seen. `product` is `redis` or `valkey`, `version` its
    own. `mode` is `standalone`, `sentinel` or `cluster`; `role` `master` or `slave`. `info` are a few named fields of INFO, sorted.
    `denied` names the commands that this user may not run. `roles` are the endpoint's in the manifest, sorted. `local` is True where the
    server is reached through loopback or a Unix socket; then `owner` is the distribution package and version that its program was proved
    to come from (`redis-server 5:7.0.15-1~deb12u10`), None where there was no proof, and `fixes` the CVE ids that this package's changelog
    names, None where there is none to read.
    """

    endpoint: str
    state: ServiceState
    detail: str
    product: str | None = None
    version: str | None = None
    mode: str | None = None
    role: str | None = None
    info: tuple[tuple[str, str], ...] = ()
    denied: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    local: bool = False
    owner: str | None = None
    fixes: tuple[str, ...] | None = None

    @property
    def subject(self) -> str:
        """The redacted URL."""
        return self.endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Worker(Fact):
    """One Celery node that should answer, or did.

    `expected_by` names who said that it should: `pidbox` (the broker's set of control mailboxes), `expect` (the configuration).
    Versions are those that the node reported of itself; None where it did not. `copies` is how many workers answered one question
    under this name. `driver` is the package that it reaches its broker with (`redis`, `py-amqp`).
    """

    node: str
    answered: bool
    expected_by: tuple[str, ...]
    celery: str | None = None
    kombu: str | None = None
    billiard: str | None = None
    python: str | None = None
    driver: str | None = None
    driver_version: str | None = None
    pool: str | None = None
    concurrency: int | None = None
    copies: int = 1

    @property
    def subject(self) -> str:
        """The node name."""
        return self.node


@dataclass(frozen=True, slots=True, kw_only=True)
class Broadcast(Fact):
    """One control broadcast to all workers of a broker.

    `subscribers` is what PUBLISH counted, None where the transport cannot tell; `replies` how many nodes answered; `undecodable` how many
    answers were in a serialization that is never decoded here (pickle), `serializations` which those were, sorted. `elsewhere` are the
    other databases of the same server that know of workers, looked through where nobody answered. `problem` says in our words what was seen
    where the broker itself would not serve; then nobody was asked.
    """

    endpoint: str
    subscribers: int | None
    replies: int
    undecodable: int = 0
    serializations: tuple[str, ...] = ()
    elsewhere: tuple[int, ...] = ()
    problem: str | None = None

    @property
    def subject(self) -> str:
        """The redacted broker URL."""
        return self.endpoint


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
    names, None where there is none to read. `features` are those asked about and present.
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

    @property
    def subject(self) -> str:
        """The program's name."""
        return self.name


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable(Fact):
    """One environment variable that is set, never its value.

    `readers` are the components that read it, sorted; `searched` names those whose code was searched for that, empty where there was none
    to search. `note` says where it is read. `agrees` says whether its value is the broker that the manifest declares, without regard to
    logins; None where the two can't be compared.
    """

    name: str
    readers: tuple[str, ...]
    note: str | None = None
    searched: tuple[str, ...] = ()
    agrees: bool | None = None

    @property
    def subject(self) -> str:
        """The variable's name."""
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Account(Fact):
    """The account that this audit runs under."""

    uid: int
    name: str

    @property
    def subject(self) -> str:
        """`account root`."""
        return f"account {self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution(Fact):
    """What an installer would put on a fresh machine for the `files` that the project declares, on Python `python`.

    `packages` are names and versions, sorted by name. Where no versions go together there are none, and `refusal` says why, by the
    installer's own account. `until` is the moment (UTC) after which nothing had been uploaded yet; None where it is today's install.
    """

    files: tuple[str, ...]
    python: str
    packages: tuple[tuple[NormalizedName, str], ...] = ()
    refusal: str | None = None
    until: datetime | None = None

    @property
    def subject(self) -> str:
        """`a fresh install of requirements.txt`."""
        return f"a fresh install of {', '.join(self.files)}"
