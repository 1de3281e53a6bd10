"""Finds the package index that pip would ask, as pip is configured here.

The places and their order are those of https://pip.pypa.io/en/stable/topics/configuration/. They are read here, since starting pip
to be told them takes longer than asking the index.
"""

import configparser
import locale
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from stackaudit.model.secret import Secret, strip_secrets
from stackaudit.model.values import dataclass

# pip lets the environment win over its [install] section, and that over [global].
_SECTIONS = (":env:", "install", "global")
TRUE = frozenset({"y", "yes", "t", "true", "on", "1"})
"""How pip and uv are told yes."""
_MACOS = sys.platform == "darwin"


class SettingsError(ValueError):
    """A configuration file of pip's is broken: pip itself ends with an error on it. The message names the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSettings:
    """The indexes to ask, in order, none of them doubled; a file of certificate authorities; a proxy's URL.

    `named` says whether the first was configured, or is only what pip asks where nobody names one.
    """

    urls: tuple[Secret, ...]
    certificates: str | None = None
    proxy: Secret | None = None
    named: bool = False

    @property
    def address(self) -> str:
        """The first index's URL without its login: how messages name it."""
        return strip_secrets(self.urls[0].reveal()) if self.urls else ""


def index_settings(prefix: str) -> IndexSettings:
    """What pip would use in the environment at `prefix`, with pip's own default index where nothing is configured.

    Indexes that are folders (`file:`) are left out: nothing is asked of them. `urls` is empty where no index is known, or none allowed.

    Raises:
        SettingsError: a configuration file can't be parsed.
    """
    values = configuration(prefix, os.environ)
    named = first(values, "index-url")
    main = named or default_index() or ""
    addresses = [*main.split()[:1], *(first(values, "extra-index-url") or "").split()]
    if (first(values, "no-index") or "").lower() in TRUE:
        addresses = []
    certificates, proxy = first(values, "cert"), first(values, "proxy")
    return IndexSettings(
        urls=tuple(Secret(each) for each in dict.fromkeys(each.rstrip("/") for each in addresses) if _is_web(each)),
        certificates=str(Path(certificates).expanduser()) if certificates else None,
        proxy=Secret(proxy) if proxy else None,
        named=named is not None,
    )


def searches_folders(prefix: str) -> bool:
    """Whether pip in the environment at `prefix` is configured with places that are no web index: `find-links`, a `file:` index.

    Raises:
        SettingsError: a configuration file can't be parsed.
    """
    values = configuration(prefix, os.environ)
    indexes = f"{first(values, 'index-url') or ''} {first(values, 'extra-index-url') or ''}".split()
    return bool(first(values, "find-links")) or not all(_is_web(each) for each in indexes)


def configuration(prefix: str, environment: Mapping[str, str]) -> dict[str, str]:
    """All values that pip is configured with by their keys, as `pip config list` names them: `global.index-url`, `:env:.cert`.

    Raises:
        SettingsError: a configuration file can't be parsed.
    """
    values: dict[str, str] = {}
    for path in _files(prefix, environment):
        parser = configparser.RawConfigParser()
        try:
            # Files that are not there, or may not be read, are passed over, as pip does.
            parser.read(path, encoding="utf-8" if sys.flags.utf8_mode else locale.getencoding())
        except (configparser.Error, UnicodeDecodeError) as error:
            raise SettingsError(f"pip's configuration file {path} can't be read") from error
        for section in parser.sections():
            values |= {f"{section}.{_normal(name)}": value for name, value in parser.items(section)}
    return values | {
        f":env:.{_normal(name.removeprefix('PIP_'))}": value
        for name, value in environment.items()
        if name.startswith("PIP_") and name not in {"PIP_VERSION", "PIP_HELP"}
    }


def _files(prefix: str, environment: Mapping[str, str]) -> Iterator[Path]:
    """The configuration files in the order in which they override each other, whether or not they are there."""
    named = environment.get("PIP_CONFIG_FILE")
    if named == os.devnull:
        return
    home = Path(environment.get("HOME") or Path.home())
    support = Path("Library", "Application Support", "pip")
    if _MACOS:
        yield "/" / support / "pip.conf"
    else:
        for folder in (environment.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(os.pathsep):
            yield Path(folder, "pip", "pip.conf")
        yield Path("/etc/pip.conf")
    if not (named and Path(named).exists()):
        yield home / ".pip" / "pip.conf"
        if _MACOS and (home / support).is_dir():
            yield home / support / "pip.conf"
        else:
            configured = None if _MACOS else environment.get("XDG_CONFIG_HOME")
            yield Path(configured or home / ".config") / "pip" / "pip.conf"
    yield Path(prefix, "pip.conf")
    if named:
        yield Path(named)


def _normal(name: str) -> str:
    return name.lower().replace("_", "-").removeprefix("--")


def first(values: Mapping[str, str], name: str) -> str | None:
    """The value of the option `name` (`index-url`) in a `configuration`; None where it has none."""
    return next((value for section in _SECTIONS if (value := values.get(f"{section}.{name}"))), None)


def _is_web(url: str) -> bool:
    try:
        return urlsplit(url).scheme in {"http", "https"}
    except ValueError:
        return False


def default_index() -> str | None:
    """The index that pip asks where nobody names one. It is pip's to know; pip-audit brings a pip along."""
    try:
        from pip._internal.models.index import PyPI
    except ImportError:
        return None
    return PyPI.simple_url
