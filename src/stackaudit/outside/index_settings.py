"""Finds the package index that pip would ask, as pip is configured here."""

import ast
import os
import sys
from dataclasses import dataclass
from urllib.parse import urlsplit

from stackaudit.model.deadline import Deadline
from stackaudit.model.secret import Secret, strip_secrets
from stackaudit.outside import process

# pip lets the environment win over its [install] section, and that over [global].
_SECTIONS = (":env:", "install", "global")


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSettings:
    """The indexes to ask, in order, none of them doubled; a file of certificate authorities; a proxy's URL."""

    urls: tuple[Secret, ...]
    certificates: str | None = None
    proxy: Secret | None = None

    @property
    def address(self) -> str:
        """The first index's URL without its login: how messages name it."""
        return strip_secrets(self.urls[0].reveal()) if self.urls else ""


def index_settings(deadline: Deadline) -> IndexSettings:
    """What `pip config list` says, with pip's own default index where nothing is configured.

    Indexes that are folders (`file:`) are left out: nothing is asked of them. `urls` is empty where no index is known.
    """
    command = [sys.executable, "-P", "-m", "pip", "--disable-pip-version-check", "config", "list"]
    # In the caller's group: the caller is a probe's process, and is killed as a group.
    values = parse_pip_configuration(process.run(command, deadline, group=False).text)
    main = _first(values, "index-url") or os.environ.get("PIP_INDEX_URL") or _default_index()
    extra = _first(values, "extra-index-url") or os.environ.get("PIP_EXTRA_INDEX_URL", "")
    addresses = [*(main or "").split()[:1], *extra.split()]
    proxy = _first(values, "proxy")
    return IndexSettings(
        urls=tuple(Secret(each) for each in dict.fromkeys(each.rstrip("/") for each in addresses) if _is_web(each)),
        certificates=_first(values, "cert"),
        proxy=Secret(proxy) if proxy else None,
    )


def parse_pip_configuration(text: str) -> dict[str, str]:
    """The lines of `pip config list` (`global.index-url='…'`, the value as Python writes it) by their keys."""
    values: dict[str, str] = {}
    for line in text.splitlines():
        key, equals, written = line.partition("=")
        try:
            value = ast.literal_eval(written) if equals else None
        except (ValueError, SyntaxError):
            continue
        if isinstance(value, str):
            values[key.strip()] = value
    return values


def _first(values: dict[str, str], name: str) -> str | None:
    return next((value for section in _SECTIONS if (value := values.get(f"{section}.{name}"))), None)


def _is_web(url: str) -> bool:
    return urlsplit(url).scheme in {"http", "https"}


def _default_index() -> str | None:
    """The index that pip asks where nobody names one. It is pip's to know; pip-audit brings a pip along."""
    try:
        from pip._internal.models.index import PyPI
    except ImportError:
        return None
    return PyPI.simple_url
