"""Asks a Redis that serves how it is set up: by named keys of CONFIG, each on its own, and never by one that holds a secret."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from ipaddress import ip_address

from stackaudit.model.facts.fact import Fact
from stackaudit.model.facts.services import Crowd, Door, Durability, Exposure, Idleness
from stackaudit.model.snapshot import Unseen
from stackaudit.model.values import dataclass
from stackaudit.outside.resp import Connection, Reply, ServerError, Trouble
from stackaudit.probes._redis_door import Gap, door
from stackaudit.probes._redis_session import Patience, Session, refusal

KEYS = ("appendonly", "bind", "maxclients", "port", "protected-mode", "save", "tcp-keepalive", "timeout", "tls-port")
"""All that CONFIG is asked for. `requirepass` and its kind are no part of it, nor is `*`, which would bring them along."""

BANDS = (100, 90, 80, 50, 0)

_DENIED = Gap(
    cause="this user may not run CONFIG GET, which alone tells how the server is set up",
    remedy="let the audit's user run it: ACL SETUSER NAME +config|get",
)
_NONE = Gap(
    cause="the server has no CONFIG command, as managed ones have none: how it is set up can't be seen over a connection",
    remedy="look at it in the console of whoever runs the server",
    knowable=False,
)
_LOST = Gap(cause="the server stopped answering before it was asked how it is set up", remedy="ask again")
_NO_INFO = Gap(
    cause="the server does not tell this user how many clients it has (INFO)",
    remedy="let the audit's user run it: ACL SETUSER NAME +info",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """How one server is set up, and what of that stayed unseen."""

    facts: tuple[Fact, ...]
    unseen: tuple[Unseen, ...]


def band(part: float, whole: float) -> int:
    """The greatest of 0, 50, 80, 90 and 100 percent that `part` of `whole` reaches."""
    return next(each for each in BANDS if part * 100 >= each * whole)


def magnitude(count: int) -> int:
    """`count`, rounded down to a power of ten."""
    return 10 ** (len(str(count)) - 1) if count > 0 else 0


def setup(entered: Session, subject: str, info: Mapping[str, str], patience: Patience) -> Setup:
    """How the server behind `entered` is set up; `info` are the fields of its INFO. What it does not tell blinds what needs it alone."""
    told = _Told(_config(entered.connection, patience), info)
    visitor = door(entered, subject, patience)
    askers: dict[type[Fact], Callable[[], Fact | Gap | None]] = {
        Door: lambda: visitor,
        Exposure: lambda: _exposure(subject, visitor, told),
        Durability: lambda: _durability(subject, told),
        Idleness: lambda: _idleness(subject, told),
        Crowd: lambda: _crowd(subject, told),
    }
    facts: list[Fact] = []
    gaps: dict[Gap, list[str]] = {}
    for kind, ask in askers.items():
        match ask():
            case Gap() as gap:
                gaps.setdefault(gap, []).append(kind.__name__)
            case Fact() as fact:
                facts.append(fact)
    return Setup(facts=tuple(facts), unseen=tuple(gap.unseen(subject, kinds) for gap, kinds in gaps.items()))


class _Told:
    """What CONFIG and INFO said, by name."""

    def __init__(self, config: Mapping[str, str | Gap], info: Mapping[str, str]) -> None:
        self._config = config
        self.info = info

    def texts(self, *names: str) -> list[str] | Gap:
        """The values of CONFIG's `names`, or why not all of them are known."""
        values = [self._config[name] for name in names]
        known = [each for each in values if isinstance(each, str)]
        return known if len(known) == len(values) else next(each for each in values if isinstance(each, Gap))

    def numbers(self, *names: str) -> list[int] | Gap:
        """The same of numbers."""
        values = self.texts(*names)
        if isinstance(values, Gap):
            return values
        return [int(each) for each in values] if all(map(str.isdigit, values)) else _untold(names[0])


def _config(connection: Connection, patience: Patience) -> dict[str, str | Gap]:
    """The value of each key, or why it is not known."""
    connection.deadline = patience.next()
    try:
        replies = connection.ask_all([("CONFIG", "GET", name) for name in KEYS])
    except Trouble:
        return dict.fromkeys(KEYS, _LOST)
    return {name: _value(name, reply) for name, reply in zip(KEYS, replies, strict=True)}


def _value(name: str, reply: Reply) -> str | Gap:
    match reply:
        case [str(told), str(value)] if told == name:
            return value
        case ServerError(kind="NOPERM"):
            return _DENIED
        case ServerError() as error:
            seen = refusal(error)
            return (
                _NONE
                if seen is None
                else Gap(cause=f"it was not told how it is set up: {seen.detail}", remedy="ask again")
            )
        case _:
            return _untold(name)


def _untold(name: str) -> Gap:
    return Gap(
        cause=f"the server keeps its setting `{name}` to itself, as managed ones do",
        remedy="look at it in the console of whoever runs the server",
        knowable=False,
    )


def _exposure(subject: str, visitor: Door | Gap, told: _Told) -> Exposure | Gap | None:
    """Asked where a visitor of this machine came in: one who came in from elsewhere is proof enough himself."""
    if isinstance(visitor, Gap):
        return visitor
    if not (visitor.open and visitor.local):
        return None
    values = told.texts("bind", "protected-mode", "port", "tls-port")
    if isinstance(values, Gap):
        return values
    bind, protected, *ports = values
    addresses = tuple(sorted(set(_beyond(bind.split())))) if any(port != "0" for port in ports) else ()
    return Exposure(endpoint=subject, addresses=addresses, guarded=protected == "yes")


def _beyond(bind: Sequence[str]) -> Iterator[str]:
    """The addresses of `bind` that are not loopback's; without any the server listens on all."""
    if not bind:
        yield "*"
    for each in bind:
        # Where one with a minus is not there, the server starts without it.
        address = each.removeprefix("-")
        try:
            parsed = ip_address(address)
        except ValueError:
            if address != "localhost":
                yield address.removeprefix("::")
            continue
        if not parsed.is_loopback:
            yield "*" if parsed.is_unspecified else address


def _durability(subject: str, told: _Told) -> Durability | Gap:
    if told.info.get("aof_enabled") == "1":
        return Durability(endpoint=subject, appends=True, snapshots=False)
    values = told.texts("appendonly", "save")
    if isinstance(values, Gap):
        return values
    appends, save = values
    return Durability(endpoint=subject, appends=appends == "yes", snapshots=bool(save.strip()))


def _idleness(subject: str, told: _Told) -> Idleness | Gap:
    values = told.numbers("timeout", "tcp-keepalive")
    if isinstance(values, Gap):
        return values
    timeout, keepalive = values
    return Idleness(endpoint=subject, timeout=timeout, keepalive=keepalive)


def _crowd(subject: str, told: _Told) -> Crowd | Gap:
    present = told.info.get("connected_clients", "")
    rejected = told.info.get("rejected_connections", "")
    if not (present.isdigit() and rejected.isdigit()):
        return _NO_INFO
    # INFO tells it from Redis 7 on.
    most = told.info.get("maxclients", "")
    values = [int(most)] if most.isdigit() else told.numbers("maxclients")
    if isinstance(values, Gap):
        return values
    # No bound at all, as some that pose as Redis have it.
    share = band(int(present), values[0]) if values[0] else 0
    return Crowd(endpoint=subject, share=share, rejected=magnitude(int(rejected)))
