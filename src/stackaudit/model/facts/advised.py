"""Facts: what advisory services answered."""

from packaging.utils import NormalizedName

from stackaudit.model.facts.fact import Fact
from stackaudit.model.findings import Severity
from stackaudit.model.values import dataclass


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
class Answered(Fact):
    """One package version that an advisory service was really asked about, and what it answered: the base of its two kinds."""

    name: NormalizedName
    version: str
    service: str
    advisories: tuple[Advisory, ...]

    @property
    def subject(self) -> str:
        """`name==version`."""
        return f"{self.name}=={self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Audited(Answered):
    """Of a package that is installed, or where no environment is audited, pinned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshAudited(Answered):
    """Of a package that a fresh install of the declared files would bring, and that is not among the audited ones at that version."""


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
