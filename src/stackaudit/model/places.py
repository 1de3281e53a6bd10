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

    @classmethod
    def parse(cls, text: str) -> "Place":
        """The place that `str()` wrote as `text`."""
        path, colon, line = text.rpartition(":")
        return cls(path=path, line=int(line)) if colon and line.isdecimal() else cls(path=text)

    def __str__(self) -> str:
        return self.path if self.line is None else f"{self.path}:{self.line}"
