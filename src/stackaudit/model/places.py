"""Where something was read."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Place:
    """A file (relative to the working directory where it lies below it) and line, or a source with no lines.

    `path` is what the user can find again: `requirements.txt`, `environment CELERY_BROKER_URL`, `option --redis-url`.
    `line` counts from 1.
    """

    path: str
    line: int | None = None

    def __str__(self) -> str:
        return self.path if self.line is None else f"{self.path}:{self.line}"
