"""What is declared: requirements with their places, endpoints, programs, settings."""

from typing import TypeAlias

from packaging.specifiers import SpecifierSet
from packaging.utils import NormalizedName
from packaging.version import Version

from stackaudit.model.claims import Claim, ClaimKind
from stackaudit.model.deployment import Deployment
from stackaudit.model.places import Place
from stackaudit.model.secret import Secret, strip_secrets
from stackaudit.model.values import dataclass

SettingValue: TypeAlias = str | int | float | bool | tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One requirement as a file declares it.

    `specifier` is what the line admits; `pin` is the one version it admits, where it is a pin (`==`, a lock entry, an SBOM component).
    `extras` are the extras asked for. `source` is a URL, path or index for what does not come from the default index, redacted;
    `private` is True where a lock takes it from another index than the public one that others of it come from: no public source need
    know it, and one may all the same (a build of one's own of a public package).
    `direct` is False where a lock lists it only as somebody's dependency. `marker` is the PEP 508 marker, valid and not yet evaluated.
    `requires` are the names that a lock says it needs, each with its marker where it has one, as in Requires-Dist.
    """

    name: NormalizedName
    specifier: SpecifierSet
    pin: Version | None
    extras: tuple[str, ...] = ()
    where: Place
    source: str | None = None
    private: bool = False
    direct: bool = True
    marker: str | None = None
    requires: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """How many `packages` the file at `path` holds for parts that are not in use, and for these alone.

    `parts` are the names of these, as `extra redis` and `group dev`; empty where the file does not tell.
    """

    path: str
    parts: tuple[str, ...]
    packages: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the declared files say of an install besides the packages that they ask for.

    `constraints` bound packages that need not be asked for (`-c`). `closed` are the sources that list all that an install gives: locks,
    SBOMs, files with hashes. `indexes` are the addresses, without logins, of the indexes and folders that the files themselves name.
    `prereleases` is True where a file asks for them (`--pre`). `left_out` is what it holds for extras and groups that are not in use.
    """

    constraints: tuple[Requirement, ...] = ()
    closed: tuple[str, ...] = ()
    indexes: tuple[str, ...] = ()
    prereleases: bool = False
    left_out: tuple[LeftOut, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A service to be asked. `role` is `broker` or `redis`; the URL redacts itself.

    `label` names it where the URL is another one in each run, as a sandbox's is.
    """

    role: str
    url: Secret
    where: Place
    label: str | None = None

    @property
    def subject(self) -> str:
        """How findings name this endpoint: its label, else the URL without user, password and secret query values."""
        return self.label or strip_secrets(self.url.reveal())

    @property
    def scheme(self) -> str:
        """The scheme of its URL in small letters, without what it runs over: `sqlalchemy` of `sqlalchemy+sqlite://`."""
        return self.url.reveal().partition("://")[0].partition("+")[0].lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramRequest:
    """A program to be looked for: `command` is a name on PATH or a path."""

    name: str
    command: str
    where: Place


UNRECORDED = frozenset({"args"})
"""Settings that no record holds: the arguments of a task are anybody's data."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One setting's value, and where it came from: `option --timeout`, `environment STACKAUDIT_TIMEOUT`, a file, `default`."""

    name: str
    value: SettingValue
    where: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class PythonClaim:
    """A sentence about the Python to run on: `requires-python`, `.python-version`, a Dockerfile's `FROM`, `--python-version`."""

    specifier: SpecifierSet
    text: str
    where: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """The interpreter whose environment is audited: its path as it was given, and where that was said."""

    path: str
    where: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """All that is declared about one stack; a probe knows this, and the facts it asked for, and nothing else.

    `unnamed` are the lines that ask for a package without naming it, such as a bare URL: nothing can be said of these.
    `claims` are those of a document that is verified; its pins are the requirements then.
    `deployment` is what Dockerfiles, compose files and `.env` files say.
    """

    requirements: tuple[Requirement, ...] = ()
    endpoints: tuple[Endpoint, ...] = ()
    programs: tuple[ProgramRequest, ...] = ()
    settings: tuple[Setting, ...] = ()
    pythons: tuple[PythonClaim, ...] = ()
    interpreter: Interpreter | None = None
    sources: tuple[str, ...] = ()
    unnamed: tuple[Place, ...] = ()
    terms: Terms = Terms()
    sandbox: bool = False
    claims: tuple[Claim, ...] = ()
    deployment: Deployment = Deployment()

    def setting(self, name: str) -> SettingValue:
        """The value of setting `name`; None where it was never declared."""
        return next((setting.value for setting in self.settings if setting.name == name), None)

    def flag(self, name: str) -> bool:
        """Whether the boolean setting `name` is on."""
        return self.setting(name) is True

    def text(self, name: str) -> str | None:
        """The value of the string setting `name`, or None."""
        value = self.setting(name)
        return value if isinstance(value, str) else None

    def number(self, name: str, default: float) -> float:
        """The value of the numeric setting `name` in its unit (seconds, for `timeout`), or `default`."""
        value = self.setting(name)
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else default

    def texts(self, name: str) -> tuple[str, ...]:
        """The values of the repeatable setting `name`."""
        value = self.setting(name)
        return value if isinstance(value, tuple) else ()

    def claims_of(self, *kinds: ClaimKind) -> tuple[Claim, ...]:
        """The document's claims of any of `kinds`, in the order of its lines."""
        return tuple(claim for claim in self.claims if claim.kind in kinds)

    @property
    def native(self) -> bool:
        """Whether this tool itself looks for conflicts and vulnerabilities, instead of pip check and pip-audit."""
        return self.text("engine") == "native"

    def endpoint(self, role: str) -> Endpoint | None:
        """The endpoint of `role`, or None where none was declared."""
        return next((endpoint for endpoint in self.endpoints if endpoint.role == role), None)
