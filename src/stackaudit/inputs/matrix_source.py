"""A matrix file that was found, and was not read yet."""

from collections.abc import Callable
from pathlib import Path

from stackaudit.model.errors import Fault
from stackaudit.model.values import dataclass

SCHEMA = "stackaudit/matrix/1"
LARGEST = 1_000_000
LAYERS = ("published", "proof")
"""What machines write beside `NAME.toml`: `NAME.published.toml` and `NAME.proof.toml`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A matrix file that was found: `shown` is how messages name it, `read` gives the bytes of it or, by name, of a layer beside it.

    `path` is None for one that ships; `by_name` is True for a project's own, which must be called as their files are.
    """

    name: str
    shown: str
    path: Path | None
    read: Callable[[str], bytes | Fault | None]
    by_name: bool = False
