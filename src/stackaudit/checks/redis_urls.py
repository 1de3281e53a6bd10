"""Judges the URLs of Redis servers by themselves: can both clients read them, and who could read along."""

from collections.abc import Iterator
from ipaddress import ip_address
from urllib.parse import parse_qsl, urlsplit

from stackaudit.checks._celery_set import UNVERIFIED, telling
from stackaudit.checks._redis import BROKER, on_live
from stackaudit.model.audit import Case
from stackaudit.model.findings import Finding, Severity
from stackaudit.model.manifest import Endpoint
from stackaudit.model.parts import Rule, rule
from stackaudit.model.services import SOCKET_SCHEMES, redis_endpoints, scheme_of, wrong_with


def _secured(case: Case) -> list[Endpoint]:
    return [each for each in case.manifest.endpoints if scheme_of(each) in {"rediss", "valkeys"}]


@rule(
    "RD108",
    "The URL of a TLS connection has the server's certificate verified",
    severity="high",
    reads=[],
    about=lambda case: [each.subject for each in _secured(case)],
    why="without that anybody between worker and server can read and write tasks: Celery takes a bare rediss:// as no verification",
    fix="add ?ssl_cert_reqs=required, and ssl_ca_certs=FILE for an issuer of your own",
    source="https://docs.celeryq.dev/en/stable/userguide/configuration.html#broker-use-ssl",
)
def verifies(rule: Rule, case: Case) -> Iterator[Finding]:
    """By the URL alone; an application may still say it in its settings."""
    for endpoint in _secured(case):
        options = {name: value.lower() for name, value in parse_qsl(urlsplit(endpoint.subject).query)}
        wanted = options.get("ssl_cert_reqs", "").removeprefix("cert_")
        if wanted == "none":
            yield rule.fails(endpoint.subject, "the URL turns verification off (ssl_cert_reqs)", where=endpoint.where)
        elif endpoint.role == BROKER and not any(name.startswith("ssl_") for name in options) and not _verified(case):
            yield rule.fails(
                endpoint.subject,
                "Celery verifies nothing with this URL, unless the application sets broker_use_ssl; "
                "redis-py alone would, and as a result backend Celery refuses it",
                where=endpoint.where,
                severity=Severity.MEDIUM,
                cause=UNVERIFIED,
            )


def _verified(case: Case) -> bool:
    """Whether all workers that were asked verify the broker's certificate: their application says so beside the URL."""
    told = [each.value("broker_tls") for each in telling(case, "broker_tls")]
    return bool(told) and set(told) == {"verified"}


@rule(
    "RD109",
    "The broker URL is one that Celery can read",
    severity="high",
    reads=[],
    about=lambda case: [each.subject for each in case.manifest.endpoints if each.role == BROKER],
    why="redis-py and Celery write some addresses differently, and a worker ends at start over the other's form",
    fix="write a Unix socket as redis+socket:///PATH?virtual_host=0 for Celery, as unix:///PATH?db=0 for redis-py",
    source="https://docs.celeryq.dev/en/stable/getting-started/backends-and-brokers/redis.html#configuration",
)
def is_readable(rule: Rule, case: Case) -> Iterator[Finding]:
    """Schemes that redis-py knows and kombu does not."""
    for endpoint in case.manifest.endpoints:
        scheme = scheme_of(endpoint)
        if endpoint.role == BROKER and scheme in {"unix", "valkey", "valkeys"}:
            yield rule.fails(
                endpoint.subject, f"Celery knows no broker of the scheme {scheme}://", where=endpoint.where
            )


_PRIVATE = (".internal", ".lan", ".local", ".localdomain", ".svc")
"""The ends of names that lead to no public address."""


def _open_hosts(endpoint: Endpoint) -> list[str]:
    """The hosts other than this one that the URL leads to without TLS."""
    url = endpoint.url.reveal()
    if wrong_with(url, endpoint.role) is not None or scheme_of(endpoint) in {*SOCKET_SCHEMES, "rediss", "valkeys"}:
        return []
    hosts = (urlsplit(f"//{each.rpartition('://')[2]}").hostname or "localhost" for each in url.split(";") if each)
    return [each for each in dict.fromkeys(hosts) if not _is_here(each)]


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_private(host: str) -> bool:
    """Whether `host` is a private address, or a name without a dot, as containers have, or one of a private network."""
    try:
        return ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith(_PRIVATE)


@rule(
    "RD115",
    "What goes to a server elsewhere is encrypted",
    severity="medium",
    reads=[],
    about=lambda case: [each.subject for each in redis_endpoints(case.manifest)],
    why="whoever is on the way reads the password, the tasks and the results, and can change them",
    fix="let the server speak TLS, and write rediss://…?ssl_cert_reqs=required&ssl_ca_certs=FILE; or go through a tunnel",
    source="https://redis.io/docs/latest/operate/oss_and_stack/management/security/encryption/",
    asked_by=on_live,
)
def is_encrypted(rule: Rule, case: Case) -> Iterator[Finding]:
    """By the URL alone. A private network, where others may have no way to listen, makes it low."""
    for endpoint in redis_endpoints(case.manifest):
        hosts = _open_hosts(endpoint)
        if hosts:
            severity = Severity.LOW if all(map(_is_private, hosts)) else rule.severity
            message = f"what goes to {', '.join(hosts)} is plain text"
            yield rule.fails(endpoint.subject, message, where=endpoint.where, severity=severity)
