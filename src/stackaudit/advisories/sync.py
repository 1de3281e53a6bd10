"""Makes the local mirror anew, as a whole or not at all."""

import contextlib
import fcntl
import hashlib
import json
import time
import zipfile
from collections.abc import Callable, Container, Iterator
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, TypeAlias
from uuid import uuid4

from stackaudit.advisories import fetch
from stackaudit.advisories.bundle import LocalError, members
from stackaudit.advisories.local import Digest, newest_day, read
from stackaudit.advisories.mirror import AGAIN, NOTE, SCHEMA, Mirror, MirrorError, Note, current, folder
from stackaudit.model.deadline import Deadline
from stackaudit.model.wire import encode
from stackaudit.outside.files import write_whole, writing_whole

Say: TypeAlias = Callable[[str], None]
"""Called with a line about what is going on."""

_OTHER = "try again, or name another source: a URL, a zip or a folder of OSV records"
_ROOM = "see that there is room, and that the folder is yours to write to"
_LONGER = "give it more time with --timeout SECONDS"
_RECORDS = "records-"


class SourceError(MirrorError):
    """What the mirror was to be made of can't be had, or is not to be trusted; the mirror is as it was."""


def sync(source: str, deadline: Deadline, now: datetime, say: Say) -> Mirror:
    """Make the mirror anew from `source`: a URL of a zip, or the path of a zip or a folder. `now` is in UTC.

    All of it is read and verified before it takes the place of the old one; until then, and after any failure, the old one stays. Two at
    once wait for each other.

    Raises:
        SourceError: the source is at fault.
        MirrorError: the mirror can't be written, or time was up.
    """
    try:
        with _alone(deadline, say):
            try:
                if fetch.is_url(source):
                    say(f"fetching {fetch.named(source)}")
                bundle = fetch.fetch(source, deadline)
                return _made(bundle, fetch.named(source), deadline, now, say)
            except (LocalError, fetch.FetchError) as error:
                raise SourceError(f"{fetch.named(source)}: {error}", hint=_OTHER) from error
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise MirrorError(f"it can't be written to {folder()}: {why}", hint=_ROOM) from error


def _made(bundle: Path | BinaryIO, source: str, deadline: Deadline, now: datetime, say: Say) -> Mirror:
    """The mirror of the records in `bundle`, which is the current one from now on."""
    before = _kept()
    path = folder() / f"{_RECORDS}{uuid4().hex}.zip"
    try:
        with writing_whole(path) as stream:
            say("reading the records")
            count, newest = _copied(members(bundle), stream, deadline)
            say(f"verifying {count:,} records")
            digest = _verified(stream, deadline)
        note = Note(
            schema=SCHEMA,
            file=path.name,
            size=path.stat().st_size,
            synced_at=now,
            source=source,
            count=count,
            newest=newest,
            sha256=digest,
        )
        write_whole(folder() / NOTE, json.dumps(encode(note), indent=2) + "\n")
    except BaseException:
        # An interruption may come once the note is written: then these are the records that it names.
        if _kept() != path.name:
            with contextlib.suppress(OSError):
                path.unlink()
        raise
    _clear(keep={path.name, before})
    found = current()
    if found is None:
        raise MirrorError("it was taken away while it was made", hint=AGAIN)
    return found


def _copied(records: Iterator[tuple[str, bytes]], stream: BinaryIO, deadline: Deadline) -> tuple[int, str]:
    """How many of `records` are about PyPI packages, and the day of the newest change; these are written to `stream` as a zip."""
    written: dict[str, bytes] = {}
    days: set[str] = set()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in records:
            _in_time(deadline)
            record = read(name, body)
            if not record.affected:
                continue
            digest = hashlib.sha256(body).digest()
            if record.id in written:
                if written[record.id] != digest:
                    raise LocalError(f"it holds two different records {record.id}")
                continue
            written[record.id] = digest
            days.add(record.modified)
            archive.writestr(f"{record.id}.json", body)
    if not written:
        raise LocalError("it holds no advisory about any PyPI package")
    return len(written), newest_day(days)


def _verified(stream: BinaryIO, deadline: Deadline) -> str:
    """The digest of the records, as they are read back from the zip that was written to `stream`."""
    total = Digest()
    for name, body in members(stream):
        _in_time(deadline)
        total.add(name, body)
    return total.hexdigest()


def _in_time(deadline: Deadline) -> None:
    if deadline.remaining() <= 0:
        raise MirrorError("it was not made in time", hint=_LONGER)


def _kept() -> str | None:
    """The name of the current records' file: who is reading it right now may go on reading it."""
    with contextlib.suppress(MirrorError):
        found = current()
        return found.path.name if found is not None else None
    return None


def _clear(keep: Container[str | None]) -> None:
    """Take away older records, with what was made of them, and what a sync that was killed left."""
    for each in folder().iterdir():
        ours = each.name.lstrip(".").startswith((_RECORDS, NOTE)) and each.name != NOTE
        if ours and each.with_suffix(".zip").name not in keep:
            with contextlib.suppress(OSError):
                each.unlink()


@contextlib.contextmanager
def _alone(deadline: Deadline, say: Say) -> Iterator[None]:
    """While inside, no other sync of this user's is at work. The lock ends with the process, however that ends."""
    folder().mkdir(parents=True, exist_ok=True)
    with (folder() / "lock").open("ab") as lock:
        waiting = False
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if not waiting:
                    say("waiting for another sync to end")
                    waiting = True
                if deadline.remaining() <= 0:
                    raise MirrorError("another sync is at work", hint="wait until it is done") from None
                time.sleep(min(0.1, deadline.remaining()))
        yield
