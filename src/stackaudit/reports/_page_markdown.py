"""Reads the document's Markdown as tokens: no HTML of anyone but the folds that our template writes, and links to https alone."""

import re
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock
    from markdown_it.token import Token

_FOLD = re.compile(r"<details><summary>(.*)</summary>")
_FOLD_END = "</details>"
_COMMENT = re.compile(r"<!--(?!.*--.*-->).*-->")
_INTERRUPTS = ["paragraph", "reference", "blockquote", "list"]


def tokens_of(text: str) -> "list[Token]":
    """`text` parsed: a line that the template writes as a fold is one, a comment on a line of its own is not shown, all other HTML is text.

    Whatever a value of the audit may hold, the template escapes: no line can begin with a fold's tags but the template's own.
    """
    return _reader().parse(text)


def html_of(tokens: "Sequence[Token]") -> str:
    """`tokens` as well-formed HTML: every element is closed, no element has a style of its own."""
    reader = _reader()
    html: str = reader.renderer.render(tokens, reader.options, {})
    return html


@cache
def _reader() -> "MarkdownIt":
    from markdown_it import MarkdownIt

    reader = MarkdownIt("commonmark", {"html": False, "xhtmlOut": True}).enable("table")
    reader.disable(["html_block", "html_inline", "image"])
    reader.block.ruler.before("paragraph", "fold", _fold, {"alt": _INTERRUPTS})
    reader.block.ruler.before("paragraph", "comment", _comment, {"alt": _INTERRUPTS})
    reader.validateLink = _may_link  # type: ignore[method-assign]  # the library's documented way to narrow what may be linked
    return reader


def _may_link(url: str) -> bool:
    return url.lower().startswith("https://") or (url.startswith("#") and len(url) > 1)


def _line(state: "StateBlock", number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]].rstrip()


def _fold(state: "StateBlock", start: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - the library calls it so
    """A fold with its end in the same block: what lies between is parsed as blocks, so it can neither leave it nor close it."""
    opening = None if state.is_code_block(start) else _FOLD.fullmatch(_line(state, start))
    last = _end_of_fold(state, start, end) if opening is not None else None
    if opening is None or last is None:
        return False
    if silent:
        return True
    state.push("fold_open", "details", 1).block = True
    state.push("summary_open", "summary", 1)
    said = state.push("inline", "", 0)
    said.content, said.children, said.map = opening[1], [], [start, start + 1]
    state.push("summary_close", "summary", -1).block = True
    outer, kind, state.lineMax, state.parentType = state.lineMax, state.parentType, last, "blockquote"
    state.md.block.tokenize(state, start + 1, last)
    state.lineMax, state.parentType = outer, kind
    state.push("fold_close", "details", -1).block = True
    state.line = last + 1
    return True


def _end_of_fold(state: "StateBlock", start: int, end: int) -> int | None:
    depth = 0
    for number in range(start, end):
        if state.sCount[number] < state.blkIndent and not state.isEmpty(number):
            # The item of a list ends here, and all that it holds with it.
            return None
        line = _line(state, number)
        depth += 1 if _FOLD.fullmatch(line) else -1 if line == _FOLD_END else 0
        if depth == 0:
            return number
    return None


def _comment(state: "StateBlock", start: int, _end: int, silent: bool) -> bool:  # noqa: FBT001 - the library calls it so
    if state.is_code_block(start) or not _COMMENT.fullmatch(_line(state, start)):
        return False
    if not silent:
        state.line = start + 1
    return True
