"""Reads a parsed TOML document key by key, and notes every fault at its line instead of stopping at the first."""

import difflib
import re
from collections.abc import Iterable
from datetime import UTC, date, datetime

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from stackaudit.inputs._source import shown_text
from stackaudit.inputs._text import Toml
from stackaudit.inputs._toml_lines import KeyPath
from stackaudit.model.errors import Fault
from stackaudit.model.places import Place
from stackaudit.model.versions import parse_requirement, parse_specifier, parse_version


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """The nearest of `known` as a question, else all of them."""
    names = sorted(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return f"did you mean `{near[0]}`?" if near else f"known are: {', '.join(names)}"


class Book:
    """The faults found in one TOML file so far, each with the line of the key path that it is about."""

    def __init__(self, toml: Toml) -> None:
        self._toml = toml
        self.faults: list[Fault] = []

    def place(self, path: KeyPath) -> Place:
        """The place of the value at `path`."""
        return self._toml.at(*path)

    def note(self, path: KeyPath, message: str, *, hint: str | None = None) -> None:
        """Note a fault of the value at `path`."""
        self.faults.append(Fault(where=self.place(path), message=message, hint=hint))


class Table:
    """One table of a TOML document.

    Each method takes a key out and returns its value, or an empty value of its type where it is absent or wrong: the fault is in the book
    then. `close` notes the keys that nobody took.
    """

    def __init__(self, book: Book, value: object, path: KeyPath = ()) -> None:
        self._book = book
        self._path = path
        self._taken: set[str] = set()
        self._value: dict[str, object] = {}
        if isinstance(value, dict):
            self._value = {str(key): each for key, each in value.items()}
        else:
            book.note(path, f"{_name(path)} must be a table")

    def has(self, key: str) -> bool:
        """Whether `key` is there."""
        return key in self._value

    def fault(self, key: str, message: str, *, hint: str | None = None) -> None:
        """Note a fault of the value of `key`."""
        self._book.note((*self._path, key), message, hint=hint)

    def where(self) -> Place:
        """The place of the table itself."""
        return self._book.place(self._path)

    def text(self, key: str, *, required: bool = True, lines: bool = False) -> str:
        """A string, not blank, of printable characters: it is told on terminals and in pages. `lines` lets it go over several."""
        value = self._take(key, str, "a string", required=required)
        if isinstance(value, str) and value.strip():
            if not (value.replace("\n", "") if lines else value).isprintable():
                self.fault(
                    key, f"{self._name(key)} has {'' if lines else 'a line break or '}a character that is not printable"
                )
            return value
        if isinstance(value, str):
            self.fault(key, f"{self._name(key)} is empty")
        return ""

    def flag(self, key: str, *, default: bool) -> bool:
        """A boolean."""
        value = self._take(key, bool, "true or false", required=False)
        return value if isinstance(value, bool) else default

    def day(self, key: str, *, required: bool = False) -> date | None:
        """A date with no time."""
        value = self._take(key, date, "a date, such as 2026-11-22", required=required)
        if isinstance(value, datetime):
            self.fault(key, f"{self._name(key)} must be a date with no time")
            return None
        return value if isinstance(value, date) else None

    def moment(self, key: str) -> datetime | None:
        """A date with a time and its offset, which must be there; in UTC."""
        value = self._take(key, datetime, "a moment, such as 2026-11-22T12:00:00Z", required=True)
        if isinstance(value, datetime) and value.tzinfo is None:
            self.fault(key, f"{self._name(key)} must say its offset, such as Z for UTC")
            return None
        return value.astimezone(UTC) if isinstance(value, datetime) else None

    def day_or_word(self, key: str, word: str) -> date | str | None:
        """A date with no time, in quotes or not, or `word`; it must be there."""
        value = self._take(key, object, "", required=True)
        if isinstance(value, str) and value.strip() != word:
            try:
                value = date.fromisoformat(value.strip())
            except ValueError:
                self.fault(key, f"{self._name(key)} must be a date, such as 2026-11-22, or `{word}`")
                return None
        if value is None or isinstance(value, str):
            return word if value else None
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        self.fault(key, f"{self._name(key)} must be a date with no time, or `{word}`")
        return None

    def texts(self, key: str, *, required: bool = False) -> tuple[str, ...]:
        """A list of strings."""
        value = self._take(key, list, "a list of strings", required=required)
        if not isinstance(value, list):
            return ()
        if not all(isinstance(each, str) for each in value):
            self.fault(key, f"{self._name(key)} must be a list of strings")
        return tuple(each for each in value if isinstance(each, str))

    def choice(self, key: str, choices: Iterable[str], *, required: bool = True) -> str:
        """One of `choices`."""
        value = self.text(key, required=required)
        known = tuple(choices)
        if value and value not in known:
            self.fault(key, f"{self._name(key)} is `{value}`, and must be one of {', '.join(known)}")
            return ""
        return value

    def specifier(self, key: str) -> SpecifierSet:
        """A PEP 440 specifier set; the empty one, which admits everything, where it is absent."""
        value = self.text(key, required=False)
        specifier = parse_specifier(value)
        if specifier is None:
            self.fault(key, f"{self._name(key)} is `{shown_text(value)}`, which is no version specifier")
        return specifier or SpecifierSet()

    def versions(self, key: str) -> tuple[Version, ...]:
        """A list of PEP 440 versions."""
        parsed = (self.version(key, each) for each in self.texts(key))
        return tuple(each for each in parsed if each is not None)

    def version(self, key: str, text: str) -> Version | None:
        """`text`, which stands at `key`, as a PEP 440 version."""
        version = parse_version(text)
        if version is None:
            self.fault(key, f"`{shown_text(text)}` in {self._name(key)} is no version")
        return version

    def requirements(self, key: str) -> tuple[str, ...]:
        """A list of PEP 508 requirements that name versions and no URL, as they are written."""
        lines = self.texts(key)
        for line in lines:
            requirement = parse_requirement(line)
            if requirement is None:
                self.fault(key, f"`{shown_text(line)}` in {self._name(key)} is no requirement")
            elif requirement.url is not None:
                self.fault(key, f"`{shown_text(line)}` in {self._name(key)} names a URL instead of versions")
        return lines

    def table(self, key: str, *, required: bool = False) -> "Table":
        """A table inside this one."""
        value = self._take(key, dict, "a table", required=required)
        return Table(self._book, value if isinstance(value, dict) else {}, (*self._path, key))

    def tables(self, key: str) -> tuple["Table", ...]:
        """An array of tables inside this one."""
        value = self._take(key, list, "an array of tables", required=False)
        items = value if isinstance(value, list) else []
        return tuple(Table(self._book, each, (*self._path, key, index)) for index, each in enumerate(items))

    def names(self) -> tuple[str, ...]:
        """All keys, as written: for tables whose keys are names."""
        return tuple(self._value)

    def close(self) -> None:
        """Note every key that nobody took."""
        for key in self._value:
            if key not in self._taken:
                self.fault(key, f"unknown key {self._name(key)}", hint=did_you_mean(key, self._taken))

    def _take(self, key: str, kind: type, what: str, *, required: bool) -> object:
        self._taken.add(key)
        if key not in self._value:
            if required:
                self.fault(key, f"`{key}` is missing from {_name(self._path)}")
            return None
        value = self._value[key]
        if not isinstance(value, kind):
            self.fault(key, f"{self._name(key)} must be {what}")
            return None
        return value

    def _name(self, key: str) -> str:
        return _name((*self._path, key))


def _name(path: KeyPath) -> str:
    """`package.redis.range[2].requires`, in backquotes."""
    name = ""
    for part in path:
        if isinstance(part, int):
            name += f"[{part + 1}]"
        else:
            quoted = part if re.fullmatch(r"[A-Za-z0-9_-]+", part) else f'"{part}"'
            name += f".{quoted}" if name else quoted
    return f"`{name}`" if name else "the file"
