"""Finds out where workers leave their results, and how to enter there: they themselves hide the password."""

import re
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

from stackaudit.model.secret import strip_secrets
from stackaudit.model.services import REDIS_SCHEMES
from stackaudit.model.values import dataclass
from stackaudit.model.wire import Json

_RESULTS = re.compile(r"settings -> .*\bresults:(\S+)")

_HIDDEN = re.compile(r"\*+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Backend:
    """A result backend that is a Redis: its URL, a secret, and what each of its keys begins with."""

    url: str
    prefix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NoBackend:
    """Why a task's result can't be seen, and what to do; `knowable` is False where nothing that is named could change it."""

    cause: str
    remedy: str
    knowable: bool = True


def backend_of(answers: Mapping[str, Json], broker: str, known: Sequence[str]) -> Backend | NoBackend:
    """Where a worker leaves results, by its `answers` to `report`, `stats` and `conf`; `known` are URLs that may be it, `broker` ours."""
    report = _ok(answers.get("report"))
    told = _RESULTS.search(report) if isinstance(report, str) else None
    if told is None:
        return NoBackend(cause="the workers do not say where they leave results", remedy="run it again")
    url = told[1]
    scheme = url.partition("://")[0].lower()
    if scheme not in REDIS_SCHEMES:
        what = (
            "the workers keep no results"
            if scheme.startswith("disabled")
            else f"the workers' results go to {scheme}://"
        )
        return NoBackend(
            cause=f"{what}, so that a task comes back can't be seen from here",
            remedy="give the application a result_backend that is a Redis, for as long as the smoke test lasts",
            knowable=False,
        )
    own = _place(url)
    entry = next((each for each in known if _place(each) == own), None)
    if entry is None and own[:2] == _server_of(answers.get("stats")):
        # They call it as they call their broker, whatever we call that: a container's name for it need not be ours.
        # What stands behind the `?` says how to enter too, such as by which certificate.
        entry = urlsplit(broker)._replace(path=f"/{own[2]}").geturl() if own[2] != _place(broker)[2] else broker
    if entry is None and strip_secrets(url) == url:
        entry = url
    if entry is None:
        return NoBackend(
            cause=f"the workers leave results at {strip_secrets(url)}, and its password is not known here",
            remedy="name it, with its password, in CELERY_RESULT_BACKEND",
        )
    prefix = _prefix(answers.get("conf"))
    if _HIDDEN.fullmatch(prefix):
        # To Celery, what has KEY in its name is a secret.
        return NoBackend(
            cause="what the workers' results begin with (global_keyprefix) they hide, so that a task comes back can't be seen from here",
            remedy="take it out of result_backend_transport_options, for as long as the smoke test lasts",
            knowable=False,
        )
    return Backend(url=entry, prefix=prefix)


def _place(url: str) -> tuple[str, int, str]:
    """Host, port and database, or a path, of a URL, by which two ways to write one place are told to be the same."""
    parts = urlsplit(url)
    try:
        port = parts.port or 6379
    except ValueError:
        port = 0
    return parts.hostname or "", port, parts.path.strip("/") or "0"


def _server_of(stats: Json) -> tuple[str, int] | None:
    """The host and port of the broker, as a worker calls them."""
    broker = stats.get("broker") if isinstance(stats, dict) else None
    if not isinstance(broker, dict):
        return None
    host, port = broker.get("hostname"), broker.get("port")
    return (host, port if isinstance(port, int) else 6379) if isinstance(host, str) else None


def _prefix(conf: Json) -> str:
    options = conf.get("result_backend_transport_options") if isinstance(conf, dict) else None
    prefix = options.get("global_keyprefix") if isinstance(options, dict) else None
    return prefix if isinstance(prefix, str) else ""


def _ok(answer: Json) -> Json:
    return answer.get("ok") if isinstance(answer, dict) else None
