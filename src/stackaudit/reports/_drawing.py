"""What the pictures of a page are made of: text that can't become markup, and a frame that can be read aloud."""

from collections.abc import Iterable
from html import escape


def safe(text: str) -> str:
    """`text` inside an element or attribute of SVG or HTML; what XML can't hold is a space."""
    return escape("".join(each if each.isprintable() else " " for each in text))


def words(left: float, base: float, content: str, kind: str = "") -> str:
    """A line of text at (`left`, `base`) in pixels; `kind` is its class in the page's style."""
    named = f' class="{kind}"' if kind else ""
    return f'<text x="{left:g}" y="{base:g}"{named}>{safe(content)}</text>'


def picture(name: str, title: str, told: str, size: tuple[int, int], drawn: Iterable[str]) -> str:
    """An inline SVG of `size` (width, height in pixels) whose ids begin with `name`; `told` says in words all that it shows."""
    width, height = size
    frame = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}" font-family="sans-serif" font-size="14"'
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="{name}-title {name}-desc" {frame}>',
            f'<title id="{name}-title">{safe(title)}</title>',
            f'<desc id="{name}-desc">{safe(told)}</desc>',
            *drawn,
            "</svg>\n",
        )
    )
