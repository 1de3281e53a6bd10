"""Facts: how Redis-compatible servers answered, and how they are set up."""

from enum import StrEnum

from stackaudit.model.facts.fact import Fact
from stackaudit.model.values import dataclass

INFO_TOLD = (
    "aof_enabled",
    "aof_last_write_status",
    "cluster_enabled",
    "loading",
    "master_link_status",
    "maxmemory",
    "maxmemory_policy",
    "rdb_last_bgsave_status",
    "redis_version",
    "total_system_memory",
)
"""The fields of INFO that become facts. INFO names no secret; CONFIG would."""


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
    names, None where there is none to read. `memory_share` is how much of `maxmemory`, without one of the machine's memory, is in use: the
    greatest of 0, 50, 80, 90 and 100 percent that it reaches; None where INFO does not tell. `evicted` are the keys that were thrown away
    since the server started, rounded down to a power of ten. Both are coarse, so that two audits of a busy server tell the same.
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
    memory_share: int | None = None
    evicted: int = 0

    @property
    def subject(self) -> str:
        """The redacted URL."""
        return self.endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Door(Fact):
    """Whether the server at one endpoint lets anybody in who shows neither password nor certificate.

    `open` is True where it does, `reads` where such a visitor may also look at keys. `local` is as in `Pulse`.
    """

    endpoint: str
    open: bool
    reads: bool
    local: bool

    @property
    def subject(self) -> str:
        """The redacted URL."""
        return self.endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure(Fact):
    """What else could come in through the open door of a server on this machine.

    `addresses` are those that it listens on besides loopback, `*` for all; none where it listens on a Unix socket or loopback alone.
    `guarded` is True where its protected mode turns those away that come from other machines.
    """

    endpoint: str
    addresses: tuple[str, ...]
    guarded: bool

    @property
    def subject(self) -> str:
        """The redacted URL."""
        return self.endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Durability(Fact):
    """What the server writes to disk by itself: `appends` each write to a log, `snapshots` of all its data from time to time."""

    endpoint: str
    appends: bool
    snapshots: bool

    @property
    def subject(self) -> str:
        """The redacted URL."""
        return self.endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Idleness(Fact):
    """How the server treats idle connections: closes them after `timeout` seconds, asks whether they live every `keepalive`; 0 is never."""

    endpoint: str
    timeout: int
    keepalive: int

    @property
    def subject(self) -> str:
        """The redacted URL."""
        return self.endpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd(Fact):
    """How near the server is to the most clients that it takes.

    `share` is the greatest of 0, 50, 80, 90 and 100 percent that is reached; `rejected` how many it turned away since it started, rounded
    down to a power of ten.
    """

    endpoint: str
    share: int
    rejected: int

    @property
    def subject(self) -> str:
        """The redacted URL."""
        return self.endpoint
