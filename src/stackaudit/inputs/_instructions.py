"""Takes a Dockerfile apart into its instructions: continuations, comments, the escape directive, and here-documents.

Own code: dockerfile-parse knows no here-documents (its issue 145, open since 2023), and would take their lines for instructions.
"""

import json
import re
from collections.abc import Iterator, Mapping

from stackaudit.model.values import dataclass

MOST_TEXT = 4096
"""Characters that a word may have once its variables are filled in: they can double it with each line."""

_DIRECTIVE = re.compile(r"#\s*(?P<name>\w+)\s*=\s*(?P<value>\S+)\s*")
_INSTRUCTION = re.compile(r"\s*(?P<word>[A-Za-z]+)(?:\s+(?P<rest>.*))?", re.DOTALL)
# A word of its own: `$((1<<N))` begins none.
_HERE_DOCUMENT = re.compile(r"(?<!\S)\d?<<(?P<tabs>-?)(?P<quote>[\"']?)(?P<end>[A-Za-z_]\w*)(?P=quote)")
_WITH_DOCUMENTS = frozenset({"RUN", "COPY", "ADD"})
_VARIABLE = re.compile(
    r"\\\$|\$(?:(?P<bare>[A-Za-z_]\w*)|\{(?P<braced>[A-Za-z_]\w*)(?::?(?P<sign>[-+?])(?P<other>[^{}$]*))?\})"
)
_ASSIGNMENT = re.compile(r"([A-Za-z_][\w.-]*)=((?:\"(?:\\.|[^\"\\])*\"|'[^']*'|\\.|[^\s\"'\\])*)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Instruction:
    """One instruction: its word in capitals, what follows it on one line, its here-documents, and the line that it begins on."""

    word: str
    rest: str
    line: int
    documents: tuple[str, ...] = ()

    @property
    def flags(self) -> dict[str, str]:
        """The `--name=value` words before its arguments."""
        found: dict[str, str] = {}
        for each in self.rest.split():
            if not each.startswith("--"):
                break
            name, _, value = each[2:].partition("=")
            found[name] = value
        return found

    @property
    def arguments(self) -> str:
        """What follows the flags."""
        rest = self.rest.lstrip()
        while rest.startswith("--"):
            rest = rest.partition(" ")[2].lstrip()
        return rest

    @property
    def listed(self) -> tuple[str, ...] | None:
        """The arguments of the exec form, None where it is the shell form."""
        return exec_form(self.arguments)


def exec_form(text: str) -> tuple[str, ...] | None:
    """The words of a JSON array of strings, None where `text` is none: Docker then takes it for a shell's."""
    try:
        value: object = json.loads(text) if text.lstrip().startswith("[") else None
    except (ValueError, RecursionError):
        return None
    words = value if isinstance(value, list) else None
    return tuple(words) if words is not None and all(isinstance(each, str) for each in words) else None


def instructions(text: str) -> Iterator[Instruction]:
    """The instructions of a Dockerfile in their order. What is none is passed over."""
    lines = text.splitlines()
    escape = _escape(lines)
    at = 0
    while at < len(lines):
        first = at
        parts: list[str] = []
        while at < len(lines):
            line = lines[at]
            at += 1
            if line.lstrip().startswith("#") or not line.strip():
                # A comment or a blank line inside a continuation ends nothing.
                if parts:
                    continue
                break
            if line.rstrip().endswith(escape):
                parts.append(line.rstrip()[:-1].strip())
                continue
            parts.append(line.strip())
            break
        found = _INSTRUCTION.fullmatch(" ".join(parts)) if parts else None
        if found is None:
            continue
        word, rest = found["word"].upper(), found["rest"] or ""
        documents: list[str] = []
        if word in _WITH_DOCUMENTS:
            for document in _HERE_DOCUMENT.finditer(rest):
                end = _end(lines, at, document["end"], tabs=bool(document["tabs"]))
                documents.append("\n".join(lines[at:end]))
                at = end + 1
        yield Instruction(word=word, rest=rest.strip(), line=first + 1, documents=tuple(documents))


def _escape(lines: list[str]) -> str:
    for line in lines:
        directive = _DIRECTIVE.fullmatch(line.strip())
        if directive is None:
            break
        if directive["name"].lower() == "escape":
            return directive["value"][:1]
    return "\\"


def _end(lines: list[str], start: int, word: str, *, tabs: bool) -> int:
    """The index of the line that ends a here-document, or that after the last where none does."""
    for index in range(start, len(lines)):
        if (lines[index].lstrip("\t") if tabs else lines[index]) == word:
            return index
    return len(lines)


def assignments(instruction: Instruction) -> list[tuple[str, str]]:
    """What an ENV or ARG sets: names and values with their quotes taken off; an ARG without a value has none here."""
    rest = instruction.arguments
    pairs = [(name, unquoted(value)) for name, value in _ASSIGNMENT.findall(rest)]
    if pairs or instruction.word == "ARG":
        return pairs
    # The old form, `ENV NAME the rest of the line`.
    name, _, value = rest.partition(" ")
    return [(name, value.strip())] if value.strip() else []


def unquoted(text: str) -> str:
    """`text` without the quotes around it."""
    return text[1:-1] if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'" else text


def filled(text: str, values: Mapping[str, str]) -> str | None:
    """`text` with its variables replaced; None where one of them has no value here."""
    parts: list[str] = []
    at = 0
    for found in _VARIABLE.finditer(text):
        parts.append(text[at : found.start()])
        at = found.end()
        name = found["bare"] or found["braced"]
        if name is None:
            parts.append("$")
            continue
        value, sign = values.get(name), found["sign"]
        if sign == "+":
            value = (found["other"] or "") if value else ""
        elif sign == "-" and not value:
            value = found["other"] or ""
        if value is None:
            return None
        parts.append(value)
    parts.append(text[at:])
    whole = "".join(parts)
    return whole if len(whole) <= MOST_TEXT else None
