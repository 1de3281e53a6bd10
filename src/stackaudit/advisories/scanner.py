"""Runs the real pip-audit over pins and reads its JSON; its exit status alone says nothing."""

import hashlib
import math
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path

from packaging.utils import canonicalize_name

from stackaudit.advisories.consultation import UNFED, Vulnerability
from stackaudit.advisories.records import Pin, parse_json
from stackaudit.model.deadline import Deadline
from stackaudit.model.values import dataclass
from stackaudit.model.wire import Json
from stackaudit.outside import process

_FILE = "pins.txt"
_VULNERABLE = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """What pip-audit said: of the pins it audited, of those it passed over (with our words for why), or why it said nothing.

    `command` is as it was run, without what differs from run to run. `sha256` is the digest of the answer with its lists sorted, since
    pip-audit prints aliases in random order.
    """

    audited: Mapping[Pin, tuple[Vulnerability, ...]]
    skipped: Mapping[Pin, str]
    cause: str | None
    command: tuple[str, ...]
    exit_status: int | None
    sha256: str | None
    seconds: float


def version() -> str:
    """The version of the pip-audit that is run."""
    return metadata.version("pip-audit")


def scan(pins: Sequence[Pin], deadline: Deadline, *, feed: str | None) -> Scan:
    """Run pip-audit over `pins` (each package once): with its OSV service at the URL `feed`, or with its PyPI service."""
    chosen = ["-s", "pypi"] if feed is None else ["-s", "osv", "--osv-url", feed]
    told = ["-s", "pypi"] if feed is None else ["-s", "osv", "--osv-url", "FEED"]
    # All that an environment variable of its own could change is said outright.
    options = ["--format", "json", "--desc", "on", "--aliases", "on", "--output", "stdout", "--progress-spinner", "off"]
    options += ["--disable-pip", "--no-deps", "-r", _FILE]
    with tempfile.TemporaryDirectory(prefix="stackaudit-") as folder:
        Path(folder, _FILE).write_text("".join(f"{pin.name}=={pin.version}\n" for pin in pins), encoding="utf-8")
        # The feed's answers are never cached, and the user's cache may not be writable; PyPI's are, where pip-audit keeps them.
        cache = [] if feed is None else ["--cache-dir", str(Path(folder, "cache"))]
        timeout = ["--timeout", str(max(1, math.ceil(deadline.remaining())))]
        completed = process.run(
            [sys.executable, "-P", "-m", "pip_audit", *chosen, *cache, *timeout, *options],
            deadline,
            env=_environment(feed),
            cwd=Path(folder),
            group=False,
        )
    audited, skipped, digest = _read(completed, pins)
    return Scan(
        audited=audited,
        skipped=skipped,
        cause=None if digest else _cause(completed, fed=feed is not None),
        command=("pip-audit", *told, *options),
        exit_status=completed.exit_status,
        sha256=digest,
        seconds=completed.seconds,
    )


def _environment(feed: str | None) -> dict[str, str]:
    own = {
        "PIP_AUDIT_LOGLEVEL": "ERROR",
        "PIPAPI_PYTHON_LOCATION": sys.executable,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }
    # A proxy has no business between pip-audit and the feed beside it.
    return own if feed is None else {**own, "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}


def _read(
    completed: process.Completed, pins: Iterable[Pin]
) -> tuple[dict[Pin, tuple[Vulnerability, ...]], dict[Pin, str], str | None]:
    """The audited, the skipped, and the digest; no digest where there is no answer."""
    nothing: tuple[dict[Pin, tuple[Vulnerability, ...]], dict[Pin, str], None] = ({}, {}, None)
    if completed.ending is not process.Ending.EXITED or completed.exit_status not in {0, _VULNERABLE}:
        return nothing
    try:
        entries = list(_objects(_field(parse_json(completed.stdout), "dependencies")))
        audited = {_pin(each): _vulnerabilities(each) for each in entries if "skip_reason" not in each}
        passed = {str(each["name"]): str(each["skip_reason"]) for each in entries if "skip_reason" in each}
    except (ValueError, KeyError, TypeError):
        return nothing
    skipped = {pin: _skip(passed[pin.name]) for pin in pins if pin.name in passed and pin not in audited}
    lines = [f"{pin.name}=={pin.version} {audited[pin]}" for pin in audited]
    lines += [f"{pin.name}=={pin.version} {skipped[pin]}" for pin in skipped]
    return audited, skipped, hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()


def _field(value: Json, key: str) -> Json:
    if not isinstance(value, dict):
        raise TypeError(key)
    return value[key]


def _objects(value: Json) -> Iterator[dict[str, Json]]:
    if not isinstance(value, list):
        raise TypeError("no list")
    for each in value:
        if not isinstance(each, dict):
            raise TypeError("no object")
        yield each


def _strings(value: Json) -> list[str]:
    if not isinstance(value, list):
        raise TypeError("no list")
    return [str(each) for each in value]


def _pin(entry: dict[str, Json]) -> Pin:
    return Pin(name=canonicalize_name(str(entry["name"])), version=str(entry["version"]))


def _vulnerabilities(entry: dict[str, Json]) -> tuple[Vulnerability, ...]:
    return tuple(
        sorted(
            (
                Vulnerability(
                    id=str(each["id"]),
                    aliases=tuple(sorted(set(_strings(each["aliases"])) - {str(each["id"])})),
                    fixed=tuple(_strings(each["fix_versions"])),
                    description=str(each["description"]),
                )
                for each in _objects(entry["vulns"])
            ),
            key=lambda each: each.id,
        )
    )


def _skip(reason: str) -> str:
    return "it knows no such version" if "not found" in reason else "pip-audit passed it over"


def _cause(completed: process.Completed, *, fed: bool) -> str:
    """Why there is no answer, in our words, from how pip-audit ended; `fed` ones ask nobody but this machine."""
    if completed.ending is process.Ending.TIMED_OUT:
        return "pip-audit was not done in time"
    if completed.ending is not process.Ending.EXITED:
        return "pip-audit could not be run"
    last = next((line for line in reversed(completed.error_text.splitlines()) if line.strip()), "")
    for sign, meaning in _SIGNS:
        if sign in last:
            return UNFED if fed and sign in _OF_THE_WAY else meaning
    return f"pip-audit ended with status {completed.exit_status} and no answer"


_SIGNS = (
    ("No module named", "pip-audit is not whole beside stackaudit: install stackaudit again"),
    ("NameResolutionError", "its name does not resolve"),
    ("getaddrinfo", "its name does not resolve"),
    ("Connection refused", "it refused the connection"),
    ("ProxyError", "the proxy did not let the question through"),
    ("SSLError", "its TLS certificate is not trusted here"),
    ("Timeout", "no answer came in time"),
    ("Tip: your network may be blocking this service", "no connection came about in time"),
    ("ConnectionError", "it could not be reached"),
    ("ServiceError", "it answered with an error"),
    ("JSONDecodeError", "its answer was not JSON"),
)
_OF_THE_WAY = frozenset(
    {"Connection refused", "ProxyError", "Tip: your network may be blocking this service", "ConnectionError"}
)


def rounds(pins: Iterable[Pin]) -> list[list[Pin]]:
    """`pins` in as few lists as hold each package once: pip-audit refuses a package in two versions."""
    lists: list[dict[str, Pin]] = []
    for pin in sorted(pins, key=lambda each: (each.name, each.version)):
        free = next((each for each in lists if pin.name not in each), None)
        if free is None:
            free = {}
            lists.append(free)
        free[pin.name] = pin
    return [list(each.values()) for each in lists]
