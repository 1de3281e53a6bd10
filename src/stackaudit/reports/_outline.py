"""Gives every heading of the parsed document an anchor, and every table what a reader without eyes or with a narrow screen needs."""

import re
from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from stackaudit.model.values import dataclass

if TYPE_CHECKING:
    from markdown_it.token import Token

_NOT_IN_ANCHORS = re.compile(r"[^\w\- ]")
_ALIGNED = re.compile(r"text-align:(left|center|right)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """One heading: its level (1 to 6), its text without markup, its anchor, and which of the tokens opens it.

    `nested` says that it stands in a fold, a quotation or a list, and is no part of the document's own order.
    """

    level: int
    text: str
    anchor: str
    at: int
    nested: bool


def outlined(tokens: "Sequence[Token]", taken: Collection[str] = ()) -> "tuple[tuple[Token, ...], tuple[Heading, ...]]":
    """`tokens` with anchors and labelled tables, and their headings in order. No anchor is one of `taken`, and none is there twice.

    An anchor is what GitHub makes of the heading, so that a link inside the Markdown leads to the same place in both.
    """
    headings = tuple(_headings(tokens, set(taken)))
    anchors = {each.at: each for each in headings}
    return tuple(_labelled(tokens, anchors)), headings


def _headings(tokens: "Sequence[Token]", used: set[str]) -> Iterator[Heading]:
    for at, token in enumerate(tokens):
        if token.type != "heading_open":
            continue
        text = "".join(each.content or " " * (each.tag == "br") for each in tokens[at + 1].children or ()).strip()
        anchor = wished = _NOT_IN_ANCHORS.sub("", text.lower()).replace(" ", "-") or "section"
        number = 0
        while anchor in used:
            number += 1
            anchor = f"{wished}-{number}"
        used.add(anchor)
        yield Heading(level=int(token.tag[1:]), text=text, anchor=anchor, at=at, nested=token.level > 0)


def _labelled(tokens: "Sequence[Token]", anchors: dict[int, Heading]) -> "Iterator[Token]":
    from markdown_it.token import Token

    heading = ""
    for at, token in enumerate(tokens):
        attributes = dict(token.attrs)
        # The page lets no element have a style of its own: what is aligned has a class.
        aligned = _ALIGNED.fullmatch(str(attributes.pop("style", "")))
        if aligned is not None:
            attributes["class"] = aligned[1]
        if at in anchors:
            heading = anchors[at].text
            attributes["id"] = anchors[at].anchor
        if token.type == "th_open":
            attributes["scope"] = "col"
        if token.type == "table_open":
            label = {"class": "scroll", "role": "group", "tabindex": "0", "aria-label": f"Table: {heading}"}
            yield Token("scroll_open", "div", 1, attrs=dict(label), block=True)
        yield token if attributes == token.attrs else token.copy(attrs=attributes)
        if token.type == "table_close":
            yield Token("scroll_close", "div", -1, block=True)
