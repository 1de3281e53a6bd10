"""Fetches the core metadata of many releases from a package index: the file beside the wheel (PEP 658), else out of the archive."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias
from urllib.parse import urljoin, urlsplit

from stackaudit.model.deadline import Deadline
from stackaudit.model.secret import Secret
from stackaudit.model.values import dataclass
from stackaudit.outside.http import Client, Failure, Request
from stackaudit.outside.index import Trouble, way_of
from stackaudit.outside.index_pages import IndexFile
from stackaudit.outside.index_settings import IndexSettings
from stackaudit.outside.metadata_archives import ArchiveError, checked, metadata_in
from stackaudit.outside.ways import MOST_AT_ONCE

_OK = 200
_GONE = frozenset({404, 410})
# What a server packed for the way alone would be unpacked, and its digest be another.
_AS_IT_IS = {"accept-encoding": "identity"}
_AGAIN = "run it again; where it stays so, see what stands between this machine and the index"


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """The metadata of one release, as bytes; `is_source` where they are those of a source archive, which may leave some of it open."""

    content: bytes
    is_source: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreadable:
    """The release is there, and nobody can read its metadata without building it; `cause` is a sentence that names its file."""

    cause: str


Told: TypeAlias = Metadata | Unreadable | Trouble


def chosen(files: Sequence[IndexFile]) -> IndexFile | None:
    """Of one release's `files` the one that its metadata are read from, whatever their order; None where none can be read unbuilt.

    A wheel with its metadata beside it comes first, then the one for any platform, then the smallest; a source archive last, and after all
    of these what is yanked.
    """
    readable = [each for each in files if each.filename.endswith((".whl", ".tar.gz"))]
    return min(readable, key=_cost, default=None)


def _cost(file: IndexFile) -> tuple[bool, bool, bool, bool, int, str]:
    wheel, size = file.filename.endswith(".whl"), file.size or 0
    return file.yanked, not wheel, not file.has_metadata, not file.filename.endswith("-any.whl"), size, file.filename


def fetch(
    wanted: Sequence[tuple[Secret, IndexFile]],
    settings: IndexSettings,
    deadline: Deadline,
    progress: Callable[[int], None],
) -> tuple[Told, ...]:
    """The metadata of each of `wanted`, a page's address and a file on it, in that order; `progress` is told how many are done."""
    found: dict[int, Told] = {}
    with Client(deadline, way_of(settings)) as client:
        for beside, at_once in ((True, 4 * MOST_AT_ONCE), (False, MOST_AT_ONCE)):
            left = [index for index in range(len(wanted)) if index not in found]
            asked = [index for index in left if wanted[index][1].has_metadata or not beside]
            for indexes in _pieces(asked, at_once):
                batch = {index: wanted[index] for index in indexes}
                client.let_go()
                found |= {index: told for index, told in _ask(client, batch, beside=beside) if told is not None}
                progress(len(found))
    return tuple(found[index] for index in range(len(wanted)))


def fetch_whole(
    wanted: Sequence[tuple[Secret, IndexFile]], settings: IndexSettings, deadline: Deadline
) -> tuple[bytes | None, ...]:
    """The files themselves of `wanted`, a page's address and a file on it; None where it can't be had, or is not the one that is listed."""
    with Client(deadline, way_of(settings)) as client:
        answers = client.ask([Request(url=_address(page, file), headers=_AS_IT_IS) for page, file in wanted])
    return tuple(
        None
        if isinstance(answer, Failure)
        or answer.status != _OK
        or (file.sha256 is not None and hashlib.sha256(answer.body).hexdigest() != file.sha256)
        else answer.body
        for (_, file), answer in zip(wanted, answers, strict=True)
    )


def _pieces(indexes: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    """Not all at once: the wheels of a long history would fill the memory."""
    return (indexes[start : start + size] for start in range(0, len(indexes), size))


def _ask(
    client: Client, batch: Mapping[int, tuple[Secret, IndexFile]], *, beside: bool
) -> Iterator[tuple[int, Told | None]]:
    """What each answer tells; None where the metadata that the index speaks of are not there, and the archive has to do."""
    suffix = ".metadata" if beside else ""
    requests = [Request(url=_address(page, file) + suffix, headers=_AS_IT_IS) for page, file in batch.values()]
    for (index, (_, file)), answer in zip(batch.items(), client.ask(requests), strict=True):
        name = file.filename + suffix
        digest = file.metadata_sha256 if beside else file.sha256
        if isinstance(answer, Failure):
            yield (
                index,
                Trouble(cause=f"{name} could not be fetched from the package index: {answer.cause}", remedy=_AGAIN),
            )
        elif beside and answer.status in _GONE:
            yield index, None
        elif answer.status != _OK:
            cause = f"{name} is listed by the package index, which does not hand it out (HTTP {answer.status})"
            yield index, Trouble(cause=cause, remedy=_AGAIN)
        elif digest is not None and hashlib.sha256(answer.body).hexdigest() != digest:
            cause = f"{name} is not the file that the package index lists: its SHA-256 is another"
            yield index, Trouble(cause=cause, remedy=_AGAIN)
        else:
            yield index, _told(file, answer.body, beside=beside)


def _told(file: IndexFile, body: bytes, *, beside: bool) -> Told:
    try:
        content = checked(body) if beside else metadata_in(file.filename, body)
    except ArchiveError as error:
        return Unreadable(cause=f"{file.filename} {error}")
    return Metadata(content=content, is_source=not file.filename.endswith(".whl"))


def _address(page: Secret, file: IndexFile) -> str:
    """The file's address, with the login of its page's where both are on one host: pip sends it there too."""
    base, url = page.reveal(), file.url.reveal()
    try:
        address, asked = urlsplit(urljoin(base, url)), urlsplit(base)
        same = (address.scheme, address.hostname, address.port) == (asked.scheme, asked.hostname, asked.port)
    except ValueError:
        # The client says of it what it says of every address that is none.
        return url
    place = asked.netloc if same and "@" not in address.netloc else address.netloc
    return address._replace(netloc=place, fragment="").geturl()
