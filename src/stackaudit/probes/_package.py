"""Finds which distribution package a file belongs to, and which advisories its changelog says that it mends."""

import gzip
import re
from pathlib import Path

from stackaudit.model.deadline import Deadline
from stackaudit.outside import process

_PATIENCE = 5.0
_DOCUMENTS = Path("/usr/share/doc")
_LARGEST = 4_000_000
_HEAD = re.compile(r"\S+ \((?P<version>[^)\s]+)\)")
_ADVISORY = re.compile(r"\bCVE-\d{4}-\d{4,}\b")


def owner(path: str, deadline: Deadline, *, group: bool = True) -> str | None:
    """The Debian package and version that owns `path`, else the file behind it (`ffmpeg 7:5.1.9-0+deb12u1`); None where none does.

    The path comes first: Debian's redis-server is a link to a program of another package. `group` is as in `process.run`.
    """
    for each in dict.fromkeys((path, str(Path(path).resolve()))):
        search = process.run(["dpkg-query", "--search", each], deadline.within(_PATIENCE), group=group)
        # `package[:architecture][, package…]: path`; a line about a diversion names another path or none.
        lines = [line.partition(": ") for line in search.text.splitlines()] if search.exit_status == 0 else []
        packages = [names.split(", ")[0] for names, _, found in lines if found == each]
        if packages:
            command = ["dpkg-query", "--show", "--showformat=${Package} ${Version}", packages[0]]
            shown = process.run(command, deadline.within(_PATIENCE), group=group)
            return shown.text.strip() or None if shown.exit_status == 0 else None
    return None


def fixes(package: str, documents: Path = _DOCUMENTS) -> tuple[str, ...] | None:
    """The CVE ids that the Debian changelog of `package` (its name and version, as `owner` gives them) names, sorted.

    None where there is no changelog, as in slim images, or where it is not that version's: then nobody can tell.
    """
    name, _, version = package.partition(" ")
    for file in ("changelog.Debian.gz", "changelog.gz"):
        try:
            with gzip.open(documents / name / file, "rt", encoding="utf-8", errors="replace") as stream:
                text = stream.read(_LARGEST)
        except (OSError, EOFError, ValueError):
            continue
        head = _HEAD.match(text)
        if head is not None and head["version"] == version:
            return tuple(sorted(set(_ADVISORY.findall(text))))
    return None
