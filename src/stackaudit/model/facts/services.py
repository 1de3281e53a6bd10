"""Facts: how Redis-compatible servers answered."""

from dataclasses import dataclass
from enum import StrEnum

from stackaudit.model.facts.fact import Fact


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
