"""The index over a local copy of advisories: built once, opened in milliseconds, and never believed where it does not fit."""

import contextlib
import hashlib
import json
import zlib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from packaging.utils import NormalizedName

from stackaudit import __version__
from stackaudit.advisories.bundle import LocalError, members
from stackaudit.advisories.consultation import gist
from stackaudit.advisories.local import Digest, LocalCopy, load
from stackaudit.advisories.match import affects
from stackaudit.advisories.records import Affected, Event, Pin, Record
from stackaudit.model.findings import Severity
from stackaudit.model.values import dataclass
from stackaudit.model.wire import Json
from stackaudit.outside.files import writing_whole

_MAGIC = b"stackaudit advisories index 2\n"
_DIGEST = hashlib.sha256().digest_size
_LENGTH = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Index:
    """What a local copy says of PyPI packages, as far as matching and telling need it; `sha256` and `as_of` are the copy's own.

    `places` says where in `segments` the compressed records about a package lie: the first byte, and the one after the last.
    """

    sha256: str
    as_of: str
    places: Mapping[str, tuple[int, int]]
    segments: memoryview

    def about(self, pin: Pin) -> tuple[Record, ...]:
        """The records about `pin` that are not withdrawn, by id; of texts they hold the gist alone."""
        place = self.places.get(pin.name)
        if place is None:
            return ()
        records = _records(bytes(self.segments[slice(*place)]), pin.name)
        return tuple(each for each in records if affects(each, pin.name, pin.version))


def open_index(path: Path) -> Index:
    """The index over the copy at `path`, a folder or a zip: the one that was kept where it fits, else a new one, which is kept.

    Raises:
        LocalError: there is no such copy, it can't be read whole, or holds no advisory about any PyPI package.
    """
    key = _key(path)
    place = place_of(path)
    with contextlib.suppress(OSError):
        kept = read(place.read_bytes(), key)
        if kept is not None:
            return kept
    data = build(load(path), key)
    if _key(path) != key:
        raise LocalError("it was changed while it was read")
    # Where it can't be kept, it is built again the next time.
    with contextlib.suppress(OSError):
        place.parent.mkdir(parents=True, exist_ok=True)
        with writing_whole(place) as stream:
            stream.write(data)
    made = read(data, key)
    if made is None:
        raise LocalError("no index can be made of it")
    return made


def place_of(path: Path) -> Path:
    """Where the index over the copy at `path` is kept: beside the local mirror, for another copy in the user's cache."""
    from platformdirs import user_cache_path

    from stackaudit.advisories.mirror import folder

    whole = path.resolve()
    if whole.parent == folder().resolve():
        return whole.with_suffix(".index")
    name = hashlib.sha256(str(whole).encode(errors="surrogateescape")).hexdigest()[:16]
    return user_cache_path("stackaudit", appauthor=False) / f"advisories-{name}.index"


def build(copy: LocalCopy, key: str) -> bytes:
    """The index over `copy`, which is that of `key`: a mark, the digest of all that follows, a header, and a segment for each package."""
    segments = bytearray()
    places: dict[str, Json] = {}
    for name in sorted(copy.by_name):
        records = [_packed(each, name) for each in copy.by_name[name] if not each.withdrawn]
        if records:
            start = len(segments)
            segments += zlib.compress(json.dumps(records, separators=(",", ":")).encode())
            places[name] = [start, len(segments)]
    told: dict[str, Json] = {"key": key, "tool": __version__, "sha256": copy.sha256, "as_of": copy.as_of}
    header = zlib.compress(json.dumps({**told, "places": places}, separators=(",", ":")).encode())
    body = len(header).to_bytes(_LENGTH, "big") + header + segments
    return _MAGIC + hashlib.sha256(body).digest() + body


def read(data: bytes, key: str) -> Index | None:
    """The index in `data`; None where it is damaged, was made by another version of this tool, or of another copy than that of `key`."""
    view = memoryview(data)
    start = len(_MAGIC) + _DIGEST
    body = view[start:]
    if view[: len(_MAGIC)] != _MAGIC or hashlib.sha256(body).digest() != view[len(_MAGIC) : start]:
        return None
    end = _LENGTH + int.from_bytes(body[:_LENGTH], "big")
    header = json.loads(zlib.decompress(body[_LENGTH:end]))
    if header["key"] != key or header["tool"] != __version__:
        return None
    return Index(
        sha256=header["sha256"],
        as_of=header["as_of"],
        places={name: (first, last) for name, (first, last) in header["places"].items()},
        segments=body[end:],
    )


def _key(path: Path) -> str:
    """What changes whenever the copy at `path` does: the digest of a zip's bytes, or of a folder's records.

    Raises:
        LocalError: it can't be read.
    """
    try:
        if path.is_file():
            with path.open("rb") as stream:
                return f"zip {hashlib.file_digest(stream, 'sha256').hexdigest()}"
    except OSError as error:
        raise LocalError("it can't be read") from error
    total = Digest()
    for name, body in members(path):
        total.add(name, body)
    return f"folder {total.hexdigest()}"


def _packed(record: Record, name: NormalizedName) -> Json:
    """`record` as far as it is about package `name`; `_unpacked` reads it."""
    affected: list[Json] = [
        [[[[event.kind, event.version] for event in span] for span in each.ranges], [*sorted(each.versions)]]
        for each in record.affected
        if each.name == name
    ]
    word = None if record.word is None else record.word.value
    aliases: list[Json] = [*record.aliases]
    vectors: list[Json] = [*record.vectors_about(name)]
    return [record.id, aliases, gist(record.summary), gist(record.details), word, vectors, affected]


@lru_cache(maxsize=256)
def _records(segment: bytes, name: NormalizedName) -> tuple[Record, ...]:
    return tuple(_unpacked(each, name) for each in json.loads(zlib.decompress(segment)))


def _unpacked(packed: Any, name: NormalizedName) -> Record:  # noqa: ANN401 - JSON whose digest says that `_packed` made it
    own, aliases, summary, details, word, vectors, affected = packed
    return Record(
        id=own,
        aliases=tuple(aliases),
        withdrawn=False,
        summary=summary,
        details=details,
        word=None if word is None else Severity(word),
        affected=tuple(
            Affected(
                name=name,
                ranges=tuple(tuple(Event(kind=kind, version=version) for kind, version in span) for span in spans),
                versions=frozenset(versions),
            )
            for spans, versions in affected
        ),
        odd=None,
        text="",
        vectors=tuple(vectors),
    )
