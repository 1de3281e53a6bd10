"""Names the document of a quarter, and finds the last one before it."""

import re
from datetime import date
from pathlib import Path

from stackaudit.model.values import dataclass

_NAME = re.compile(r"AUDIT-(?P<year>\d{4})-Q(?P<quarter>[1-4])\.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarter:
    """A quarter's document: its label (`2026-Q4`), its files (the document, its record), the record of the last quarter that has one."""

    label: str
    files: tuple[Path, Path]
    last: Path | None


def quarter_in(folder: Path, day: date) -> Quarter:
    """The quarter of `day`, with its files in `folder`."""
    number = (day.month + 2) // 3
    earlier = []
    for path in folder.glob("AUDIT-*.json"):
        name = _NAME.fullmatch(path.name)
        if name is not None and (int(name["year"]), int(name["quarter"])) < (day.year, number):
            earlier.append(path)
    label = f"{day.year:04}-Q{number}"
    files = (folder / f"AUDIT-{label}.md", folder / f"AUDIT-{label}.json")
    # The names sort as the quarters do.
    return Quarter(label=label, files=files, last=max(earlier, key=lambda each: each.name, default=None))
