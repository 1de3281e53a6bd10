"""Asks package indexes what they hold of many projects."""

from collections.abc import Sequence
from dataclasses import replace
from typing import TypeAlias
from urllib.parse import quote

from stackaudit.model.deadline import Deadline
from stackaudit.model.secret import Secret
from stackaudit.model.values import dataclass
from stackaudit.outside import http
from stackaudit.outside.http import Client, Failure, Request
from stackaudit.outside.index_pages import Page, PageError, read_page
from stackaudit.outside.index_settings import IndexSettings
from stackaudit.outside.ways import Kind, Way

_ACCEPT = {
    "Accept": "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1",
}
_MOST_REDIRECTS = 5
_OK = 200
_GONE = frozenset({404, 410})
_LOGIN = frozenset({401, 403, 407})


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """No index that was asked knows the project."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why nothing is known of a project, in our words, and what to do."""

    cause: str
    remedy: str


Answer: TypeAlias = Page | Absent | Trouble

_REACH = "see whether this machine reaches it (proxy, firewall, VPN), or leave the check out with --offline"
_INDEX = "see whether pip's configured address is that of a package index: `pip config list`"
_AUTHORITY = "give pip the certificate of the authority that signed it: `pip config set global.cert FILE`"
_REMEDIES = {
    Kind.LATE: "see whether it is slow, or give it more time with --timeout SECONDS",
    Kind.BUSY: "run the audit again later, or give it more time with --timeout SECONDS",
    Kind.UNTRUSTED: _AUTHORITY,
    Kind.NOT_TLS: _INDEX,
    Kind.NO_AUTHORITIES: "see which one pip is configured with: `pip config list`",
    Kind.BROKEN: "run the audit again; where it stays so, see what stands between this machine and the index",
    Kind.GARBLED: _INDEX,
    Kind.CIRCLE: _INDEX,
    Kind.DOWNGRADE: _INDEX,
    Kind.TOO_LONG: _INDEX,
    Kind.ADDRESS: _INDEX,
}


def ask(names: Sequence[str], settings: IndexSettings, deadline: Deadline) -> dict[str, Answer]:
    """What the indexes of `settings` answer for each project of `names` (normalized), in the order of `names`.

    The first index that knows a project answers for it; one that fails is not passed over, since it might have known.
    """
    found: dict[str, Answer] = {name: Absent() for name in names}
    way = way_of(settings)
    for url in settings.urls:
        left = [name for name, answer in found.items() if isinstance(answer, Absent)]
        pages = [f"{url.reveal()}/{quote(name)}/" for name in left]
        with Client(deadline, way) as client:
            answers = client.ask([Request(url=page, headers=_ACCEPT) for page in pages])
        found |= {
            name: _meaning(name, answer, Secret(page)) for name, page, answer in zip(left, pages, answers, strict=True)
        }
    return found


def way_of(settings: IndexSettings) -> Way:
    """How pip, as it is configured here, reaches its indexes and the files that they list."""
    return Way(certificates=settings.certificates, proxy=settings.proxy, redirects=_MOST_REDIRECTS)


def _meaning(name: str, answer: http.Answer | Failure, page: Secret) -> Answer:
    if isinstance(answer, Failure):
        cause = f"the package index could not be asked: {answer.cause}"
        return Trouble(cause=cause, remedy=_REMEDIES.get(answer.kind, _REACH))
    if answer.status in _GONE:
        return Absent()
    if answer.status in _LOGIN:
        cause = f"the package index refuses to answer (HTTP {answer.status}): the login is wrong or missing"
        return Trouble(cause=cause, remedy="put the login into pip's configuration or into netrc")
    if answer.status != _OK:
        cause = f"the package index answered with an error (HTTP {answer.status})"
        return Trouble(cause=cause, remedy="run the audit again later")
    try:
        return replace(read_page(name, answer.content_type, answer.body), url=page)
    except PageError as error:
        return Trouble(cause=f"no package index answers at the address: {error}", remedy=_INDEX)
