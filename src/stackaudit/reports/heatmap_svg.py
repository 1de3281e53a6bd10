"""Draws the grid of a matrix as one SVG."""

from collections.abc import Iterator, Sequence
from html import escape
from textwrap import wrap

from stackaudit.reports.heatmap import CAVEAT, LEGEND, Cell, Heatmap, Line, Mark, lettered

# Dark text on light grounds: each pair has a contrast of more than 7 to 1, and letter and word say it without the colour.
_FILLS = {
    Mark.FORBIDDEN: "#f1b9b4",
    Mark.ADMITTED: "#f7e0a3",
    Mark.STATED: "#e3e3e8",
    Mark.PUBLISHED: "#c9dcf3",
    Mark.RESOLVED: "#d9efc2",
    Mark.IMPORTED: "#bfe3c6",
    Mark.EXERCISED: "#9fd8b4",
    Mark.SURVIVED: "#7fcf9f",
}
_INK = "#1b1b1f"
_BOLD = ' font-weight="bold"'
_ENDED = ' fill="#8a1f17"'
_CHARACTER = 8
"""The width of a character in pixels; a little more than any monospaced font of this size takes."""
_MOST_CHARACTERS = 96
"""The longest line of a sentence: the picture is to fit into the column of a page beside its contents."""
_HEIGHT, _LEADING, _TOP, _MARGIN = 28, 22, 80, 20


def svg(drawn: Heatmap, prefix: str = "") -> str:
    """The grid as one SVG document that asks nothing of anyone: no script, no font, no link; system fonts, text that can be read aloud.

    Its ids begin with `prefix`, for a page that has others.
    """
    first = _wide(["Python", *map(_dated, drawn.rows)])
    widths = [_wide([name, *(row.cells[at].text for row in drawn.rows)]) for at, name in enumerate(drawn.packages)]
    columns = [[name, *map(_dated, lines)] for name, lines in drawn.products]
    legend = [*(f"{lettered(mark)} {sentence}" for mark, sentence in LEGEND.items()), *wrap(CAVEAT, _MOST_CHARACTERS)]
    below = _TOP + _HEIGHT * (len(drawn.rows) + 1) + 40
    inner = max(first + sum(widths), sum(map(_wide, columns)), *(_wide([each]) for each in (drawn.facts, *legend)))
    width = round(max(inner, 1.5 * _wide([drawn.title]))) + 2 * _MARGIN
    height = below + _LEADING * (len(legend) + 1 + max(map(len, columns), default=0)) + _MARGIN
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    font = 'font-family="monospace" font-size="13"'
    return "\n".join(
        (
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="{prefix}title {prefix}desc" {size} {font} fill="{_INK}">',
            f'<title id="{prefix}title">{_safe(drawn.title)}: Python by package</title>',
            f'<desc id="{prefix}desc">{_safe(" ".join((drawn.facts + ".", *_spoken(drawn), CAVEAT)))}</desc>',
            f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
            _text(_MARGIN, 36, drawn.title, ' font-size="18" font-weight="bold"'),
            _text(_MARGIN, 60, drawn.facts),
            *_grid(drawn, first, widths),
            *(_text(_MARGIN, below + _LEADING * at, line) for at, line in enumerate(legend)),
            *_branches(drawn, columns, below + _LEADING * (len(legend) + 1)),
            "</svg>\n",
        )
    )


def _wide(lines: Sequence[str]) -> int:
    """The pixels that the longest of `lines` takes, with a space around it."""
    return _CHARACTER * max(map(len, lines)) + 16


def _text(left: int, base: int, content: str, style: str = "") -> str:
    return f'<text x="{left}" y="{base}"{style}>{_safe(content)}</text>'


def _grid(drawn: Heatmap, first: int, widths: Sequence[int]) -> Iterator[str]:
    edges = [_MARGIN + first + sum(widths[:at]) for at in range(len(widths))]
    yield _text(_MARGIN, _TOP + 19, "Python", _BOLD)
    for name, left in zip(drawn.packages, edges, strict=True):
        yield _text(left + 8, _TOP + 19, name, _BOLD)
    for at, row in enumerate(drawn.rows, 1):
        upper = _TOP + _HEIGHT * at
        yield _text(_MARGIN, upper + 18, _dated(row), _ENDED if row.ended else "")
        for name, cell, left, width in zip(drawn.packages, row.cells, edges, widths, strict=True):
            yield (
                f"<g><title>{_safe(_said(row, name, cell))}</title>"
                f'<rect x="{left}" y="{upper}" width="{width - 2}" height="{_HEIGHT - 2}" rx="3" fill="{_FILLS[cell.mark]}"/>'
                f"{_text(left + 8, upper + 18, cell.text)}</g>"
            )


def _branches(drawn: Heatmap, columns: Sequence[Sequence[str]], top: int) -> Iterator[str]:
    """The products side by side."""
    left = _MARGIN
    for (name, lines), column in zip(drawn.products, columns, strict=True):
        yield _text(left, top, name, _BOLD)
        for at, line in enumerate(lines, 1):
            yield _text(left, top + _LEADING * at, _dated(line), _ENDED if line.ended else "")
        left += _wide(column)


def _dated(line: Line) -> str:
    return f"{line.name} {line.until}"


def _said(row: Line, name: str, cell: Cell) -> str:
    version = f" {cell.version}" if cell.version is not None else ""
    return f"{name}{version} on Python {row.name}: {LEGEND[cell.mark]}"


def _spoken(drawn: Heatmap) -> Iterator[str]:
    """The rows as sentences, for those who hear the picture."""
    words = {mark: f" ({mark.name.lower()})" for mark in Mark} | {
        Mark.ADMITTED: " (admitted, not named)",
        Mark.FORBIDDEN: "no version",
    }
    for row in drawn.rows:
        cells = (
            f"{name} {cell.version if cell.version is not None else ''}{words[cell.mark]}"
            for name, cell in zip(drawn.packages, row.cells, strict=True)
        )
        yield f"Python {row.name}, {row.until}: {', '.join(cells)}."


def _safe(text: str) -> str:
    """`text` inside an element or attribute; what XML can't hold is a space."""
    return escape("".join(each if each.isprintable() else " " for each in text))
