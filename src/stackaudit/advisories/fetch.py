"""Fetches the advisories that a mirror is made of, by URL or by path."""

import io
from pathlib import Path
from typing import BinaryIO

from stackaudit.model.deadline import Deadline
from stackaudit.model.secret import Secret
from stackaudit.outside.http import Client, Failure, Request
from stackaudit.outside.ways import Way

OSV_ZIP = "https://osv-vulnerabilities.storage.googleapis.com/PyPI/all.zip"
"""All of OSV's records about PyPI packages: https://google.github.io/osv.dev/data/#data-dumps."""

_REDIRECTS = 3
_OK = 200
_ZIP = b"PK"


class FetchError(Exception):
    """Nothing that a mirror can be made of came; the message says why, in our words."""


def is_url(source: str) -> bool:
    """Whether `source` is asked for over the network, not read from this machine."""
    return source.lower().startswith(("http://", "https://"))


def named(source: str) -> str:
    """How `source` is told."""
    return str(Secret(source)) if is_url(source) else source


def fetch(source: str, deadline: Deadline) -> Path | BinaryIO:
    """What is at `source`: the path itself, or the bytes of a zip.

    Raises:
        FetchError: the URL gave no complete answer in time, or something that is no zip.
    """
    if not is_url(source):
        return Path(source)
    with Client(deadline, Way(redirects=_REDIRECTS)) as client:
        (answer,) = client.ask([Request(url=source)])
    if isinstance(answer, Failure):
        raise FetchError(answer.cause)
    if answer.status != _OK:
        raise FetchError(f"it answered {answer.status}")
    if not answer.body:
        raise FetchError("its answer was empty")
    if not answer.body.startswith(_ZIP):
        raise FetchError("its answer was not a zip")
    return io.BytesIO(answer.body)
