"""Asks a package index about many projects at once, over connections that are kept."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import quote, urlsplit

from stackaudit import __version__
from stackaudit.model.deadline import Deadline
from stackaudit.outside.http import is_loopback
from stackaudit.outside.index_pages import Page, PageError, read_page
from stackaudit.outside.index_settings import IndexSettings

if TYPE_CHECKING:
    import requests

ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1"
MOST_BYTES = 50 * 1024 * 1024
"""Bytes of one answer that are read."""
MOST_CONNECTIONS = 16
LONGEST_SILENCE = 10.0
"""Seconds of one connection attempt, and between two reads of an answer."""
MOST_REDIRECTS = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """No index that was asked knows the project."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """Why nothing is known of a project. `lost` is True where it is the connection that failed, and not this one answer."""

    cause: str
    remedy: str
    lost: bool = False


Answer: TypeAlias = Page | Absent | Trouble

_REACH = "see whether this machine reaches it (proxy, firewall, VPN), or leave the check out with --offline"
_INDEX = "see whether pip's configured address is that of a package index: `pip config list`"

UNANSWERED = Trouble(
    cause="the package index had not answered for it when the time was up", remedy="give it more time with --timeout"
)


def ask(names: Sequence[str], settings: IndexSettings, deadline: Deadline) -> dict[str, Answer]:
    """What the indexes of `settings` answer for each project of `names` (normalized), in the order of `names`.

    It ends a little before the deadline, so that what was answered by then can still be told. Once no connection can be made and nothing
    was ever answered, the rest is not tried.
    """
    answers = _Conversation(names, settings).hold(deadline)
    return {name: answers.get(name, UNANSWERED) for name in names}


class _Conversation:
    """The projects that are left to ask about, and the answers so far; shared by the threads that ask."""

    def __init__(self, names: Sequence[str], settings: IndexSettings) -> None:
        self._answers: dict[str, Answer] = {}
        self._settings = settings
        self._left = list(reversed(names))
        self._count = len(names)
        self._lost: Trouble | None = None
        self._changed = threading.Condition()

    def hold(self, deadline: Deadline) -> dict[str, Answer]:
        """Ask, and wait until all is answered or time is nearly up; what was answered by then."""
        end = time.monotonic() + deadline.remaining() - min(2.0, deadline.remaining() / 4)
        for _ in range(min(MOST_CONNECTIONS, self._count)):
            # Daemons: a thread that a dripping server holds must not hold back this process's end.
            threading.Thread(target=self._work, daemon=True, name="index").start()
        with self._changed:
            self._changed.wait_for(lambda: len(self._answers) == self._count, max(0.0, end - time.monotonic()))
            self._left.clear()
            return dict(self._answers)

    def _work(self) -> None:
        session = _session(self._settings)
        with session:
            while (name := self._next()) is not None:
                answer = self._lost or self._ask(session, name)
                with self._changed:
                    if isinstance(answer, Trouble) and answer.lost:
                        if not any(not isinstance(each, Trouble) for each in self._answers.values()):
                            self._lost = answer
                    else:
                        self._lost = None
                    self._answers[name] = answer
                    self._changed.notify_all()

    def _next(self) -> str | None:
        with self._changed:
            return self._left.pop() if self._left else None

    def _ask(self, session: "requests.Session", name: str) -> Answer:
        """The first index that knows the project answers for it; one that fails is not passed over."""
        for url in self._settings.urls:
            proxies = _proxies(url.reveal(), self._settings)
            answer = _get(session, f"{url.reveal()}/{quote(name)}/", name, proxies)
            if not isinstance(answer, Absent):
                return answer
        return Absent()


def _session(settings: IndexSettings) -> "requests.Session":
    import requests

    session = requests.Session()
    session.headers.update({"Accept": ACCEPT, "User-Agent": f"stackaudit/{__version__}"})
    session.max_redirects = MOST_REDIRECTS
    if settings.certificates is not None:
        session.verify = settings.certificates
    return session


def _proxies(url: str, settings: IndexSettings) -> dict[str, str]:
    """What requests is to know of proxies for `url`: this machine's own index is asked directly, whatever the environment says."""
    if is_loopback(url):
        return {"no_proxy": urlsplit(url).hostname or ""}
    return {} if settings.proxy is None else dict.fromkeys(("http", "https"), settings.proxy.reveal())


def _get(session: "requests.Session", url: str, name: str, proxies: dict[str, str]) -> Answer:
    """One project's answer; a connection that was reset is tried once more: a kept one may have been closed meanwhile."""
    import requests

    for last in (False, True):
        try:
            with session.get(url, timeout=LONGEST_SILENCE, stream=True, proxies=proxies) as response:
                return _answer(response, name)
        except requests.RequestException as error:
            if last or not _was_reset(error):
                return _trouble(error)
        except OSError:
            # The file of certificate authorities that pip is configured with can't be read.
            return Trouble(
                cause="pip's configured certificate file can't be read", remedy="see `pip config list`", lost=True
            )
        except ValueError:
            return Trouble(cause="the index's address is not a web address", remedy=_INDEX, lost=True)
    raise AssertionError("the second try returns")


def _answer(response: "requests.Response", name: str) -> Answer:
    status = response.status_code
    if status in {404, 410}:
        return Absent()
    if status in {401, 403, 407}:
        return Trouble(
            cause=f"the package index refuses to answer (HTTP {status}): the login is wrong or missing",
            remedy="put the login into pip's configuration or into netrc",
        )
    if status != 200:  # noqa: PLR2004 - HTTP's "here it is"
        return Trouble(
            cause=f"the package index answered with an error (HTTP {status})", remedy="run the audit again later"
        )
    body = bytearray()
    for chunk in response.iter_content(65536):
        body += chunk
        if len(body) > MOST_BYTES:
            return Trouble(cause=f"the answer is larger than {MOST_BYTES // 2**20} MiB", remedy=_INDEX)
    try:
        return read_page(name, response.headers.get("Content-Type", ""), bytes(body))
    except PageError as error:
        return Trouble(cause=f"no package index answers at the address: {error}", remedy=_INDEX)


def _was_reset(error: BaseException) -> bool:
    """Whether a reset connection is at the bottom of `error`: requests wraps it several times over."""
    pending: list[object] = [error]
    seen: list[object] = []
    while pending:
        each = pending.pop()
        if isinstance(each, ConnectionResetError | BrokenPipeError):
            return True
        if isinstance(each, BaseException) and not any(each is other for other in seen):
            seen.append(each)
            pending += [each.__cause__, each.__context__, *each.args]
    return False


def _trouble(error: "requests.RequestException") -> Trouble:
    """`error` in our words; an exception's own text holds ports and logins."""
    from requests import exceptions

    match error:
        case exceptions.SSLError():
            return Trouble(
                cause="the package index's certificate could not be verified",
                remedy="give pip the authority's certificate: `pip config set global.cert FILE`",
                lost=True,
            )
        case exceptions.ProxyError():
            return Trouble(cause="the proxy before the package index does not answer", remedy=_REACH, lost=True)
        case exceptions.Timeout():
            silence = f"{LONGEST_SILENCE:.0f} s"
            return Trouble(cause=f"the package index was silent for {silence}", remedy=_REACH, lost=True)
        case exceptions.TooManyRedirects():
            return Trouble(cause="the package index redirects in a circle", remedy=_INDEX)
        case exceptions.ChunkedEncodingError() | exceptions.ContentDecodingError():
            return Trouble(cause="the package index's answer broke off", remedy="run the audit again")
        case exceptions.ConnectionError() if _was_reset(error):
            return Trouble(cause="the package index breaks connections off", remedy=_REACH, lost=True)
        case exceptions.ConnectionError():
            return Trouble(cause="no connection to the package index could be made", remedy=_REACH, lost=True)
        case _:
            return Trouble(cause="the package index could not be asked", remedy=_INDEX, lost=True)
