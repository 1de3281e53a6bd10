"""Finds which distribution package a Redis server on this machine was started from."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from stackaudit.model.deadline import Deadline
from stackaudit.outside import process
from stackaudit.probes._package import owner

_SERVERS = ("redis-server", "valkey-server")


def owner_of(info: Mapping[str, str], deadline: Deadline) -> str | None:
    """The package and version that own the running server's program, such as `redis-server 5:7.0.15-1~deb12u10`; None where unproven.

    INFO's `executable` is only a hint: a forwarded port leads into a container whose paths exist here too. The proof is the build
    id, which the program prints and the running server tells. Only a program that a package owns is started for that.
    """
    build = info.get("redis_build_id") or info.get("valkey_build_id")
    if not build:
        return None
    named = info.get("executable", "")
    hints = [named, *(shutil.which(name) or "" for name in _SERVERS)]
    for path in dict.fromkeys(hint for hint in hints if Path(hint).name in _SERVERS and Path(hint).is_file()):
        package = owner(path, deadline, group=False)
        if package is not None and f"build={build}" in _banner(path, deadline).split():
            return package
    return None


def _banner(path: str, deadline: Deadline) -> str:
    """`Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=ae4d7c971a948f0`."""
    return process.run([path, "--version"], deadline, group=False).text
