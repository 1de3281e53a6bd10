"""Takes a Markdown document apart into blocks of plain text, each with its first line and the headings that it stands under."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import TYPE_CHECKING

from stackaudit.model.values import dataclass

if TYPE_CHECKING:
    from markdown_it.token import Token

_LINK = re.compile(r"!?\[([^\[\]\n]*)\]\([^()\n]*\)")
_TAG = re.compile(r"</?[A-Za-z][^<>]{0,500}>")
_OPEN_COMMENT = re.compile(r"<!--.*\Z", re.DOTALL)
_NOTE = re.compile(r"\[\^[^\]\s]{1,80}\]")
_STRUCK = re.compile(r"~~[^~\n]{1,500}~~")
_MARKUP = re.compile(r"\\([!-/:-@\[-`{-~])|[*`]+")


class BlockKind(StrEnum):
    """What a block is."""

    HEADING = "heading"
    TEXT = "text"
    ITEM = "item"
    ROW = "row"
    CODE = "code"


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """One heading, paragraph, list item, table row or block of code.

    `text` is without markup, its line breaks kept: it begins at `line` of the document. `headings` are those above it, outermost first, a
    heading's own last. `cells` are a row's, each with its column's header; `info` is what a block of code says of its language. `table`
    numbers the table that a row is of.
    """

    kind: BlockKind
    text: str
    line: int
    headings: tuple[str, ...] = ()
    cells: tuple[tuple[str, str], ...] = ()
    info: str = ""
    table: int = 0

    def ends(self) -> tuple[int, ...]:
        """The offsets in `text` at which its lines end, but for the last: to count them anew for each claim of a long one takes minutes."""
        return tuple(found.start() for found in re.finditer("\n", self.text))

    def line_at(self, offset: int) -> int:
        """The document's line in which the character of `text` at `offset` stands."""
        return self.line + self.text.count("\n", 0, offset)


def blocks(text: str) -> tuple[Block, ...]:
    """The blocks of Markdown `text`, in their order."""
    from markdown_it import MarkdownIt

    # Inline markup is taken off here, line by line: the parser's own reading of it keeps no lines.
    parser = MarkdownIt("commonmark", {"maxNesting": 20}).enable("table").disable("inline", ignoreInvalid=True)
    return tuple(_blocks(parser.parse(visible(text))))


def plain(text: str) -> str:
    """Markdown inline `text` without its markup, with its line breaks."""
    shown = _STRUCK.sub("", _NOTE.sub("", without_comments(text)))
    bare = _TAG.sub(lambda found: "\n" * found[0].count("\n"), _LINK.sub(r"\1", shown))
    return _MARKUP.sub(r"\1", bare)


def visible(text: str) -> str:
    """`text` without the characters that have no width: a reader sees `celery` whatever stands between its letters."""
    return text if text.isascii() else "".join(each for each in text if unicodedata.category(each) != "Cf")


def without_comments(text: str) -> str:
    """`text` without its whole HTML comments, with their line breaks."""
    kept: list[str] = []
    at = 0
    while (begin := text.find("<!--", at)) >= 0 and (end := text.find("-->", begin + 4)) >= 0:
        kept += [text[at:begin], "\n" * text.count("\n", begin, end)]
        at = end + 3
    return "".join([*kept, text[at:]])


def _blocks(tokens: "Sequence[Token]") -> Iterator[Block]:
    headings: list[tuple[int, str]] = []
    items = 0
    level = 0
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            level = int(token.tag[1:])
        items += {"list_item_open": 1, "list_item_close": -1}.get(token.type, 0)
        above = tuple(title for _, title in headings)
        line = (token.map or [0])[0] + 1
        if token.type == "inline" and tokens[index - 1].type == "heading_open":
            title = " ".join(plain(token.content).split())
            headings = [each for each in headings if each[0] < level] + [(level, title)]
            titles = tuple(each for _, each in headings)
            yield Block(kind=BlockKind.HEADING, text=title, line=line, headings=titles)
        elif token.type == "inline" and tokens[index - 1].type == "paragraph_open":
            kind = BlockKind.ITEM if items else BlockKind.TEXT
            yield Block(kind=kind, text=plain(token.content), line=line, headings=above)
        elif token.type == "table_open":
            yield from (replace(each, headings=above) for each in _table(tokens, index))
        elif token.type in {"fence", "code_block"}:
            first = line + (token.type == "fence")
            words = token.info.split()
            info = words[0].lower() if words else ""
            yield Block(kind=BlockKind.CODE, text=token.content, line=first, headings=above, info=info)
        elif token.type == "html_block":
            shown = _OPEN_COMMENT.sub("", without_comments(token.content))
            yield Block(kind=BlockKind.TEXT, text=plain(shown), line=line, headings=above)


def _table(tokens: "Sequence[Token]", start: int) -> Iterator[Block]:
    """The rows of the table that begins at `start` of `tokens`, without its head."""
    headers: list[str] = []
    cells: list[str] = []
    line = 0
    for index in range(start, len(tokens)):
        token = tokens[index]
        match token.type:
            case "tr_open":
                cells, line = [], (token.map or [0])[0] + 1
            case "inline" if tokens[index - 1].type in {"td_open", "th_open"}:
                cells.append(" ".join(plain(token.content).split()))
            case "thead_close":
                headers = cells
            case "tr_close" if headers:
                pairs = tuple(zip(headers, cells, strict=False))
                yield Block(kind=BlockKind.ROW, text=" | ".join(cells), line=line, cells=pairs, table=start + 1)
            case "table_close":
                return
