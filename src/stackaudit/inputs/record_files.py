"""Finds the record that a file names: the file itself, or where it is a document of ours the record beside it."""

import re
from collections.abc import Iterator
from pathlib import Path

from stackaudit.inputs import records
from stackaudit.inputs._text import read_bytes, shown_path
from stackaudit.model.errors import Fault, InputError
from stackaudit.model.places import Place

DOCUMENTS = (".md", ".markdown", ".html", ".htm")
"""How the names of documents end."""

MOST = 1000
"""How many files beside a document are looked into."""

_DIGEST = re.compile(rb"Record(?:\s|\||</?t[dh]>)*(sha256:[0-9a-f]{64})")


def find_record(path: Path, root: Path) -> Path:
    """`path`, or for a document of ours the record beside it that has the digest which the document carries.

    The file of the same name that ends in `.json` is looked into first, then the others in their order. `root` is the working directory.

    Raises:
        InputError: the document can't be read or carries no digest, or its record is not there.
    """
    if path.suffix.lower() not in DOCUMENTS:
        return path
    where = Place(path=shown_path(path, root))
    text = read_bytes(path, root)
    if isinstance(text, Fault):
        raise InputError([text])
    carried = _DIGEST.search(text)
    if carried is None:
        message = (
            "it does not say which record it is of: no document of this stackaudit, or one that an older one wrote"
        )
        raise InputError(
            [Fault(where=where, message=message, hint="name the record itself, as `-o FILE.json` wrote it")]
        )
    digest = carried[1]
    field = re.compile(rb'"digest":\s*"' + digest + rb'"')
    for each in _beside(path):
        content = read_bytes(each, root, limit=records.MOST, kind="record")
        if not isinstance(content, Fault) and field.search(content):
            return each
    message = f"the record that it is of is not beside it: no .json file there has the digest {digest.decode()}"
    raise InputError([Fault(where=where, message=message, hint="put the record beside it, or name the record itself")])


def _beside(path: Path) -> Iterator[Path]:
    own = path.with_suffix(".json")
    if own.is_file():
        yield own
    try:
        others = sorted(each for each in path.parent.iterdir() if each.suffix == ".json" and each.is_file())
    except OSError:
        return
    yield from (each for each in others[:MOST] if each != own)
