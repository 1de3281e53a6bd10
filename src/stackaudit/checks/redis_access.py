"""Judges who gets into a Redis server: with no password, and from which machines."""

from collections.abc import Iterator

from stackaudit.checks._redis import BY_CONFIG, BY_LOGIN, on_live, place_of
from stackaudit.model.audit import Case
from stackaudit.model.facts.services import Door, Exposure
from stackaudit.model.findings import Finding, Severity
from stackaudit.model.parts import Rule, rule

_SECURITY = "https://redis.io/docs/latest/operate/oss_and_stack/management/security/"


def _open_door(endpoint: str) -> str:
    """What both rules are about: told once, by the worse of them."""
    return f"{endpoint} asks for no password"


@rule(
    "RD113",
    "The server lets nobody in without a password",
    severity="high",
    reads=[Door],
    why="who reaches it reads and writes every task, and with pickle runs code on the workers",
    fix="set requirepass, or a password for each user (ACL SETUSER), and put it into the URLs",
    source=_SECURITY,
    asked_by=on_live,
    permission=BY_LOGIN,
)
def asks_for_a_password(rule: Rule, case: Case) -> Iterator[Finding]:
    """By a second connection that shows none; on loopback or a Unix socket, or with no right to look at keys, it is low."""
    for door in case.facts(Door):
        if not door.open:
            continue
        message = "it lets in whoever connects, with no password"
        severity = rule.severity
        if not door.reads:
            message, severity = f"{message}, and does not let them look at keys", Severity.LOW
        elif door.local:
            message, severity = f"{message}; it was asked from its own machine", Severity.LOW
        where, cause = place_of(case, door.endpoint), _open_door(door.endpoint)
        yield rule.fails(door.endpoint, message, where=where, severity=severity, cause=cause)


@rule(
    "RD114",
    "A server without a password serves its own machine alone",
    severity="medium",
    reads=[Exposure],
    why="protected mode off is a door for everybody who reaches that address: the next forwarded port is enough",
    fix="set a password, or bind 127.0.0.1, or protected-mode yes",
    source=_SECURITY,
    asked_by=on_live,
    permission=BY_CONFIG,
)
def is_guarded(rule: Rule, case: Case) -> Iterator[Finding]:
    """By its settings bind and protected-mode. Whether a firewall or a container's network keeps others away can't be seen: medium."""
    for exposure in case.facts(Exposure):
        if exposure.addresses and not exposure.guarded:
            places = "all addresses" if "*" in exposure.addresses else ", ".join(exposure.addresses)
            message = f"it listens on {places} with no password, and its protected mode is off"
            where, cause = place_of(case, exposure.endpoint), _open_door(exposure.endpoint)
            yield rule.fails(exposure.endpoint, message, where=where, cause=cause)
