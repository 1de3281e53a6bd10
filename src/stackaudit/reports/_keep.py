"""Text that people wrote into a document, between markers: found in the old edition, and put into the new one where it stood."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace

from stackaudit.model.edition import Kept
from stackaudit.model.errors import Fault, InputError
from stackaudit.model.places import Place
from stackaudit.reports._raw import Raw

_MARKER = re.compile(r"\s*<!--\s*stackaudit:\s*(?P<word>\S*)\s*(?P<name>.*?)\s*-->\s*")
_LIKE_ONE = re.compile(r"\s*<!--\s*stackaudit:")
_NAME = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_END = "<!-- stackaudit:end -->"
_HINT = f"a block is `<!-- stackaudit:keep NAME -->`, your text, `{_END}`, each marker on a line of its own"


def kept_of(document: str, path: str) -> tuple[Kept, ...]:
    """The blocks of `document`, in their order; `path` is how faults name it.

    Raises:
        InputError: a marker is broken, a block has no beginning or no end, or two have one name: whatever came of it, text would be lost.
    """
    reading = _Reading(path)
    for number, line in enumerate(document.splitlines(), 1):
        marker = _MARKER.fullmatch(line)
        if marker is not None:
            reading.mark(number, marker["word"], marker["name"])
        elif _LIKE_ONE.match(line):
            reading.fault(number, "this marker is not one whole comment on its line")
        else:
            reading.take(line)
    return reading.ended()


class _Reading:
    """What was read of a document so far: the blocks that ended, the one that is open, and what is wrong."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._found: list[Kept] = []
        self._open: Kept | None = None
        self._faults: list[Fault] = []

    def fault(self, line: int, message: str) -> None:
        """Something is wrong in `line`."""
        self._faults.append(Fault(where=Place(path=self._path, line=line), message=message, hint=_HINT))

    def take(self, line: str) -> None:
        """A line that is no marker."""
        if self._open is not None:
            self._open = replace(self._open, text=f"{self._open.text}{line}\n")

    def mark(self, line: int, word: str, name: str) -> None:
        """The marker `stackaudit:WORD NAME`."""
        if word == "keep":
            self._begin(line, name)
        elif word != "end" or name:
            self.fault(line, f"there is no marker `stackaudit:{f'{word} {name}'.strip()}`")
        elif self._open is None:
            self.fault(line, "this block ends and did not begin")
        else:
            self._found.append(self._open)
            self._open = None

    def _begin(self, line: int, name: str) -> None:
        if self._open is not None:
            self.fault(
                line, f"the block `{name}` begins inside the block `{self._open.name}` of line {self._open.line}"
            )
        if not _NAME.fullmatch(name):
            self.fault(line, f"`{name}` is no name of a block: it is lower-case letters, digits and single hyphens")
        if any(each.name == name for each in self._found):
            self.fault(line, f"there are two blocks `{name}`")
        self._open = Kept(name=name, text="", line=line)

    def ended(self) -> tuple[Kept, ...]:
        """All blocks, where nothing was wrong."""
        if self._open is not None:
            self.fault(self._open.line, f"the block `{self._open.name}` does not end")
        if self._faults:
            raise InputError(self._faults)
        return tuple(self._found)


class Keeping:
    """The blocks of one edition while it is rendered."""

    def __init__(self, kept: Iterable[Kept]) -> None:
        self._texts = {each.name: each.text for each in kept}
        self._placed: set[str] = set()

    def keep(self, name: str) -> Raw:
        """The block `name` with what people wrote into it, on lines of its own.

        Raises:
            ValueError: no block can be called so, or there is one already.
        """
        if not _NAME.fullmatch(name) or name in self._placed:
            raise ValueError(f"`{name}` is no name of a block, or there are two of it")
        self._placed.add(name)
        return Raw(f"<!-- stackaudit:keep {name} -->\n{self._texts.get(name, '')}{_END}\n")

    def left_over(self) -> Iterator[Raw]:
        """The blocks with text that have no place in this edition any more: they are not lost."""
        for name, text in self._texts.items():
            if text.strip() and name not in self._placed:
                yield self.keep(name)
