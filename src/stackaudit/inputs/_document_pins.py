"""Finds the packages and versions that a document names: in tables, as `name==version`, and in headings."""

import re
from bisect import bisect_left
from collections.abc import Collection, Iterator, Mapping, Sequence

from packaging.utils import canonicalize_name, is_normalized_name

from stackaudit.inputs import _document_words as words
from stackaudit.inputs._document_blocks import Block, BlockKind
from stackaudit.model.values import dataclass
from stackaudit.model.versions import parse_version

NO_PACKAGES = frozenset(
    {
        *(
            "alpine",
            "appendix",
            "chapter",
            "cpython",
            "debian",
            "elasticsearch",
            "go",
            "java",
            "kubernetes",
            "mariadb",
            "memcached",
            "mongodb",
            "mysql",
            "nodejs",
            "npm",
            "windows",
            "django-rest",
            "docker",
            "ffmpeg",
            "ffprobe",
            "linux",
            "macos",
            "nginx",
        ),
        *(
            "node",
            "openssl",
            "part",
            "phase",
            "postgres",
            "postgresql",
            "python",
            "rabbitmq",
            "redis-server",
            "release",
            "section",
        ),
        *("stage", "step", "ubuntu", "v", "valkey", "ver", "version"),
    }
)
"""What has versions too, and is no package of an index; `redis` and `ffmpeg` are packages where a table or a pin says so."""

_ADVISING = 120
"""Characters before a pin in which words are looked for that say that it is advised, or is not used."""

_CALLED = {"redis-py": canonicalize_name("redis")}
"""What people call a package, and what the index calls it."""

_PARTS = re.compile(r"[,;\s]+")
_SERVERS = frozenset({"redis"})
_NAMES = re.compile(
    r"(?:python\s+)?(?:packages?|pkgs?|dependenc(?:y|ies)|deps?|librar(?:y|ies)|libs?|modul\w*|distributions?|requirements?|components?|name"
    r"|paket\w*|bibliothek\w*|abhängigkeit\w*|komponenten?|paquet\w*|biblioth[eè]ques?|d[eé]pendances?|librer[ií]as?|bibliotecas?|dependencias?"
    r"|pacchett[oi]|dipendenz[ae]|pacotes?)\b",
    re.IGNORECASE,
)
_VERSIONS = (
    "installed",
    "version",
    "pinned",
    "pin",
    "tested",
    "locked",
    "current",
    "declared",
    "release",
    "ver",
    "fassung",
)
_VERSION_CELL = re.compile(rf"^\W*{words.VERSION}(?![\w.]*[*x])\W*$")
_NAME_CELL = re.compile(r"[A-Za-z0-9](?:[\w.-]{0,80}[A-Za-z0-9])?(?:\[[\w, -]{0,80}\])?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pinned:
    """A package at a version, as `line` of the document names them."""

    name: str
    version: str
    line: int


def pins(blocks: Sequence[Block]) -> tuple[tuple[Block, Pinned], ...]:
    """All that `blocks` pin, each with its block, in their order; headings count where they name what no server or program is."""
    sure = [(block, each) for block in blocks for each in _written(block)]
    known = {each.name for _, each in sure}
    sure += [(block, each) for block in blocks for each in _listed(block, known)]
    known |= {each.name for _, each in sure}
    titled = [
        (block, Pinned(name=name, version=version, line=block.line))
        for block in blocks
        if block.kind is BlockKind.HEADING and (found := title(block.text)) is not None
        for name, version in [found]
        if name in known or name not in NO_PACKAGES | _SERVERS
    ]
    return tuple(sorted([*sure, *titled], key=lambda each: each[1].line))


def title(text: str) -> tuple[str, str] | None:
    """The package and the version that `text` begins with (`Celery 5.4.0`), or None."""
    found = words.TITLE.match(text)
    name = None if found is None else normalized(found[1])
    return None if found is None or name is None or name == "python" else (name, found[2])


def normalized(text: str) -> str | None:
    """`text` as a package's name, without extras; None where it can't be one."""
    name = canonicalize_name(text.partition("[")[0].strip())
    name = _CALLED.get(name, name)
    return name if is_normalized_name(name) and len(name) > 1 else None


def of_row(block: Block) -> tuple[str, str] | None:
    """The package that a table's row is about, and the version that it gives for it, empty where it gives none."""
    cell = next((cell for header, cell in block.cells if _NAMES.match(header)), None)
    if cell is None:
        return None
    pin = words.PIN.search(cell)
    if pin is not None:
        name = normalized(pin[1])
        return None if name is None else (name, pin[2].rstrip("."))
    name = normalized(cell) if _NAME_CELL.fullmatch(cell) else None
    if name is None or name in NO_PACKAGES:
        return None
    for wanted in _VERSIONS:
        for header, given in block.cells:
            found = _VERSION_CELL.match(given.replace("==", ""))
            if header.lower().startswith(wanted) and found is not None:
                return name, found[1]
    return name, ""


def about(block: Block, known: Mapping[str, str]) -> tuple[str, str] | None:
    """The package and version that a block speaks of: its row's, the first or only one in it, or its heading's.

    A label that is a package's name comes last.
    """
    if block.kind is BlockKind.ROW:
        row = of_row(block)
        return None if row is None or row[0] not in known else (row[0], row[1] or known[row[0]])
    begun = title(block.text)
    if begun is not None and begun[0] in known:
        return begun
    pinned = {(normalized(each[1]) or "", each[2].rstrip(".-")) for each in words.PIN.finditer(block.text)}
    if len(pinned) == 1 and (only := next(iter(pinned)))[0] in known:
        return only
    for text in reversed(block.headings):
        found = title(text)
        if found is not None and found[0] in known:
            return found
    first = normalized(block.text.partition(":")[0]) if ":" in block.text[:80] else None
    return (first, known[first]) if first is not None and first in known else None


def _listed(block: Block, known: Collection[str]) -> Iterator[Pinned]:
    """The package of an item in a list of requirements (`Celery 5.4.0`), where it is no server's or program's."""
    if block.kind is not BlockKind.ITEM or not any(words.LISTED.search(each) for each in block.headings):
        return
    found = words.LISTING.match(block.text)
    name = None if found is None else normalized(found[1])
    if found is None or name is None:
        return
    if name in known or (name not in NO_PACKAGES and canonicalize_name(found[1]) not in _SERVERS):
        yield Pinned(name=name, version=found[2], line=block.line)


def _written(block: Block) -> Iterator[Pinned]:
    """What a block pins beyond doubt."""
    if block.kind is BlockKind.ROW:
        row = of_row(block)
        if row is not None and row[1]:
            yield Pinned(name=row[0], version=row[1], line=block.line)
    ends = block.ends()
    # A row that tells of something else may name versions that it advises.
    cells = [cell for _, cell in block.cells if all(words.PIN.fullmatch(each) for each in _PARTS.split(cell) if each)]
    for found in words.PIN.finditer(block.text):
        name, version = normalized(found[1]), found[2].rstrip(".-")
        before = block.text[max(0, found.start() - _ADVISING) : found.start()]
        stated = block.kind is BlockKind.CODE or not (words.ADVICE.search(before) or words.PAST.search(before))
        if block.kind is BlockKind.ROW:
            stated = any(found[0] in cell for cell in cells)
        if stated and name is not None and parse_version(version) is not None:
            yield Pinned(name=name, version=version, line=block.line + bisect_left(ends, found.start()))
