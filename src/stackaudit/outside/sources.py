"""Where uv and pip take packages from, as they are configured here: all that a throwaway copy of a stack is told of a user's settings.

The others say which packages are taken and whereto (a constraint, a day, a target folder), or forbid what has no hash: with them a copy is
another one, lies in a folder of the user's, or can't be made.
"""

import os
import re
from collections.abc import Mapping

from stackaudit.outside.index_settings import TRUE, configuration, first

_UVS = re.compile(
    r"UV_(?:(?:DEFAULT_)?INDEX|INDEX_.+|EXTRA_INDEX_URL|FIND_LINKS|OFFLINE|.+_ENDPOINT_URL"
    r"|INSECURE_HOST|KEYRING_PROVIDER|CREDENTIALS_DIR|NATIVE_TLS|SYSTEM_CERTS|HTTP_.+|REQUEST_TIMEOUT"
    r"|CACHE_DIR|NO_CACHE|LINK_MODE|LOCK_TIMEOUT|CONCURRENT_.+|CONFIG_FILE|NO_CONFIG|NO_SYSTEM_CONFIG"
    r"|PYTHON_INSTALL_DIR|PYTHON_PREFERENCE|PYTHON_SEARCH_PATH|MANAGED_PYTHON|NO_MANAGED_PYTHON"
    # Who forbids that code runs while packages are installed means copies too.
    r"|NO_BUILD|NO_BUILD_PACKAGE|MALWARE_CHECK.*)"
)
_PIPS = (
    "cache-dir",
    "cert",
    "client-cert",
    "default-timeout",
    "extra-index-url",
    "find-links",
    "index-url",
    "keyring-provider",
    "no-cache-dir",
    "no-index",
    "only-binary",
    "proxy",
    "retries",
    "timeout",
    "trusted-host",
    "use-feature",
)


def of_uv(environment: Mapping[str, str]) -> dict[str, str | None]:
    """The variables that uv is not to see; its configuration files stand."""
    return {name: None for name in environment if name.startswith("UV_") and not _UVS.fullmatch(name)}


def of_pip(environment: Mapping[str, str], prefix: str) -> dict[str, str | None]:
    """The variables that pip is not to see, and those that stand for what its configuration says, files and all (see `index_settings`).

    Raises:
        SettingsError: a configuration file can't be parsed.
    """
    values = configuration(prefix, environment)
    told = {f"PIP_{name.upper().replace('-', '_')}": first(values, name) for name in _PIPS}
    return _no_pip(environment) | {name: value for name, value in told.items() if value}


def of_nowhere(environment: Mapping[str, str]) -> dict[str, str | None]:
    """The same for either, where no package is asked for: whatever is configured, it has no say."""
    return of_uv(environment) | _no_pip(environment) | {"UV_NO_CONFIG": "1"}


def _no_pip(environment: Mapping[str, str]) -> dict[str, str | None]:
    return {name: None for name in environment if name.startswith("PIP_")} | {"PIP_CONFIG_FILE": os.devnull}


def is_on(value: str | None) -> bool:
    """Whether the value of a switch of uv's or pip's says yes."""
    return value is not None and value.lower() in TRUE
