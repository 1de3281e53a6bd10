"""Says what is wrong with the value of one setting, beyond its type."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from stackaudit.model.needs import KINDS, parse_need

ADVISORIES = ("auto", "pypi", "osv")
"""The sources of advisories that have a name; others are a URL or a path."""

_PYTHON = re.compile(r"3\.\d{1,2}(?:\.\d{1,2})?")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:\d\d))?")
_APP = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*:[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_LONGEST = 86400.0
"""Seconds that a check may take at most: a day."""
_OLDEST = 36500
"""Days that a copy of advisories may be old at most: a hundred years."""


def problem_of(name: str, value: object) -> str | None:
    """What is wrong with `value` of the setting called `name`, as the end of a sentence that begins with the name; None for nothing."""
    if isinstance(value, str) and not value.strip():
        return "is empty: give it a value, or leave it out"
    check = _CHECKS.get(name)
    return check(value) if check is not None else None


def located(name: str, value: str, base: Path) -> str:
    """`value` with what is a relative path in it taken from `base`; names and URLs stay as they are."""
    if name == "advisories" and (value in ADVISORIES or is_url(value)):
        return value
    if name == "ffmpeg" and "/" not in value:
        return value
    if name == "python" and "/" not in value and not (base / value).exists():
        return value
    if name not in _PATHS:
        return value
    placed = str(base / Path(value).expanduser())
    here = value.startswith("./") and name in {"ffmpeg", "python"}
    # With no slash in it a program of this folder would be looked for on PATH.
    return f"./{placed}" if "/" not in placed and (here or (name == "python" and Path(placed).is_file())) else placed


def is_url(value: str) -> bool:
    """Whether `value` is a URL that advisories can be asked of."""
    return value.lower().startswith(("http://", "https://"))


_PATHS = ("python", "ffmpeg", "advisories", "baseline")


def _timeout(value: object) -> str | None:
    if isinstance(value, int | float) and 0 < value <= _LONGEST:
        return None
    return f"is a number of seconds above 0 and up to a day, not {value}"


def _max_age(value: object) -> str | None:
    if isinstance(value, int | float) and 0 <= value <= _OLDEST:
        return None
    return f"is a number of days from 0 to {_OLDEST:,}, not {value}"


def _python_version(value: object) -> str | None:
    return None if _PYTHON.fullmatch(str(value)) else f"is a version such as 3.11 or 3.11.7, not {str(value)!r}"


def _exclude_newer(value: object) -> str | None:
    text = str(value)
    try:
        datetime.fromisoformat(text)
        right = _MOMENT.fullmatch(text) is not None
    except ValueError:
        right = False
    return None if right else f"is a date such as 2026-11-22, or a time such as 2026-11-22T12:00:00Z, not {text!r}"


def _app(value: object) -> str | None:
    if _APP.fullmatch(str(value)):
        return None
    return f"is a module and a name in it, such as proj.celery:app, not {str(value)!r}"


def _needs(value: object) -> str | None:
    wrong = [each for each in value if parse_need(str(each)) is None] if isinstance(value, tuple) else []
    return f"lists a kind ({', '.join(KINDS)}) and a name each, not {str(wrong[0])!r}" if wrong else None


_CHECKS: Mapping[str, Callable[[object], str | None]] = {
    "app": _app,
    "needs": _needs,
    "timeout": _timeout,
    "advisories-max-age": _max_age,
    "python-version": _python_version,
    "exclude-newer": _exclude_newer,
}
