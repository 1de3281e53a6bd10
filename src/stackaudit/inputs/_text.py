"""Reads a declared file's text, and says in our words why it can't be read."""

import json
import os
import re
import select
import stat
from bisect import bisect_left
from itertools import islice
from pathlib import Path

from stackaudit.inputs._table import Table, is_table
from stackaudit.inputs._toml_lines import TomlLines
from stackaudit.model.errors import Fault
from stackaudit.model.places import Place
from stackaudit.model.values import dataclass
from stackaudit.model.versions import ENDLESS

LIMIT = 20 * 1024 * 1024
"""The most bytes that a declared file may have."""

PATIENCE = 10.0
"""Seconds that a pipe may say nothing."""

_LINE = re.compile(r"at line (?P<line>\d+)")

_PART = r"""(?:[\w-]++|"[^"\n]*+"|'[^'\n]*+')[ \t]*+"""
_DEEP_KEY = re.compile(rf"(?<![\w.-]){_PART}(?:\.[ \t]*+{_PART}){{100}}")
"""A key of more parts than any file has: to read one takes the square of their number."""


def shown_path(path: Path, root: Path) -> str:
    """`path` relative to the working directory `root` where it lies below it, else as it was given."""
    absolute = Path(os.path.abspath(root / path))  # noqa: PTH100 - resolve() would follow links, and users know the link
    base = Path(os.path.abspath(root))  # noqa: PTH100 - the same
    return absolute.relative_to(base).as_posix() if absolute.is_relative_to(base) else str(path)


def read_bytes(path: Path, root: Path, *, limit: int = LIMIT, kind: str = "list of requirements") -> bytes | Fault:
    """The bytes of `path`, or the fault that says why there are none; no `kind` of file has more than `limit`."""
    where = Place(path=shown_path(path, root))
    try:
        if path.is_dir():
            return Fault(where=where, message="is a folder, not a file", hint="name the file in it")
        data = read_at_most(path, limit + 1)
    except FileNotFoundError:
        gone = "is a link to a file that is gone" if path.is_symlink() else "there is no such file"
        return Fault(where=where, message=gone)
    except TimeoutError:
        message = f"is a pipe that nothing came from for {PATIENCE:.0f} s"
        return Fault(where=where, message=message, hint="name a file, or see what should write to it")
    except PermissionError:
        return Fault(where=where, message="this user may not read it")
    except (OSError, ValueError):
        return Fault(where=where, message="it can't be read")
    if len(data) > limit:
        return Fault(where=where, message=f"is larger than {limit // 1024 // 1024} MB, which no {kind} is")
    return data


def read_at_most(path: Path, size: int, patience: float = PATIENCE) -> bytes:
    """The first `size` bytes of `path`; of a pipe, as `<(pip freeze)` makes one, what comes until its writer closes it.

    Raises:
        TimeoutError: nothing came from a pipe for `patience` seconds.
        OSError: it can't be read.
    """
    # Opened without waiting: a named pipe that nobody writes to would hold the audit for ever.
    with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK), "rb", buffering=0) as stream:  # noqa: PTH123 - Path.open takes no flags
        if not stat.S_ISFIFO(os.fstat(stream.fileno()).st_mode):
            os.set_blocking(stream.fileno(), True)
        data = bytearray()
        while len(data) < size:
            if not select.select([stream], [], [], patience)[0]:
                raise TimeoutError
            chunk = stream.read(size - len(data))
            if not chunk:
                break
            data += chunk
    return bytes(data)


def decoded(data: bytes, where: Place, encoding: str = "utf-8-sig") -> str | Fault:
    """`data` as text; a fault with the line of the first wrong byte where it is not `encoding`."""
    name = "UTF-8" if encoding.startswith("utf-8") else encoding
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        return Fault(where=Place(path=where.path, line=line), message=f"is not {name}", hint="save it as UTF-8")
    except (LookupError, ValueError):
        return Fault(
            where=where, message=f"is said to be in {name!r}, which Python does not know", hint="save it as UTF-8"
        )
    endless = ENDLESS.search(text)
    if endless is not None:
        line = text.count("\n", 0, endless.start()) + 1
        return Fault(where=Place(path=where.path, line=line), message="holds a number that is too long to be one")
    return text


def read_text(path: Path, root: Path, read: bytes | None = None) -> str | Fault:
    """The text of `path` in UTF-8, with or without a byte order mark; else the fault. `read` is what was read of it already, if it was."""
    data = read_bytes(path, root) if read is None else read
    return data if isinstance(data, Fault) else decoded(data, Place(path=shown_path(path, root)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Toml:
    """A TOML file: its table, and where each value stands."""

    path: str
    text: str
    rows: tuple[str, ...]
    table: Table
    lines: TomlLines

    def at(self, *keys: str | int) -> Place:
        """The place of the value at `keys`, or of the nearest thing around it."""
        return Place(path=self.path, line=self.lines.line(keys))

    def literal(self, value: str, *keys: str | int) -> Place:
        """The place of the string `value` inside the value at `keys`: arrays go over many lines."""
        start = self.lines.line(keys)
        forms = (f'"{value}"', f"'{value}'", json.dumps(value))
        # Line by line from there on: to take a long file apart for each of its values would take minutes.
        for number, row in enumerate(islice(self.rows, start - 1, None), start):
            if any(form in row for form in forms):
                return Place(path=self.path, line=number)
        return Place(path=self.path, line=start)


def read_toml(path: Path, root: Path) -> Toml | Fault:
    """The TOML file at `path`, or the fault with the line where it stops to be TOML."""
    text = read_text(path, root)
    return text if isinstance(text, Fault) else parse_toml(text, shown_path(path, root))


def parse_toml(text: str, shown: str) -> Toml | Fault:
    """`text` as TOML, or the fault with the line where it stops to be that."""
    import tomllib

    deep = _DEEP_KEY.search(text)
    if deep is not None:
        line = text.count("\n", 0, deep.start()) + 1
        return Fault(where=Place(path=shown, line=line), message="is nested too deep")
    try:
        table: Table = tomllib.loads(text)
    except RecursionError:
        return Fault(where=Place(path=shown), message="is nested too deep")
    except ValueError as error:
        # A wrong date is told without a line. The line is an attribute only from Python 3.14 on.
        found = _LINE.search(str(error))
        line = int(found["line"]) if found else max(1, len(text.splitlines()))
        return Fault(where=Place(path=shown, line=line), message="is not TOML from here on")
    return Toml(path=shown, text=text, rows=tuple(text.splitlines()), table=table, lines=TomlLines(text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Json:
    """A JSON file whose outermost value is an object."""

    path: str
    text: str
    table: Table
    breaks: tuple[int, ...]

    def line(self, offset: int) -> Place:
        """The place of the character at `offset`."""
        return Place(path=self.path, line=bisect_left(self.breaks, offset) + 1)


def parse_json(text: str, shown: str) -> Json | Fault:
    """`text` as a JSON object, or the fault with the line where it stops to be JSON."""
    try:
        value: object = json.loads(text)
    except json.JSONDecodeError as error:
        return Fault(where=Place(path=shown, line=error.lineno), message="is not JSON from here on")
    except (RecursionError, ValueError):
        return Fault(where=Place(path=shown), message="is JSON that is nested too deep, or holds too large a number")
    if not is_table(value):
        return Fault(where=Place(path=shown, line=1), message="its outermost JSON value is not an object")
    breaks = tuple(found.start() for found in re.finditer("\n", text))
    return Json(path=shown, text=text, table=value, breaks=breaks)


def read_json(path: Path, root: Path, read: bytes | None = None) -> Json | Fault:
    """The JSON object in the file at `path`, or the fault. `read` is what was read of it already, if it was."""
    text = read_text(path, root, read)
    return text if isinstance(text, Fault) else parse_json(text, shown_path(path, root))
