"""Draws a matrix as a grid of Python by package, by what the packages publish of themselves: as values, and as one SVG."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from html import escape

from packaging.version import Version

from stackaudit.model.matrix import Branch, Matrix, PackageEntry
from stackaudit.model.versions import newest_patch


class Mark(StrEnum):
    """The letter of a cell. No tick among them: what is published is not proved."""

    NAMED = "P"
    ADMITTED = "a"
    FORBIDDEN = "-"


LEGEND = {
    Mark.NAMED: "the newest listed version that admits this Python; its classifiers name it",
    Mark.ADMITTED: "the newest listed version that admits this Python; its classifiers do not name it",
    Mark.FORBIDDEN: "no listed version admits this Python",
}

CAVEAT = "Each cell is one package by itself: whether versions go together is what `stackaudit check` asks."


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One package on one Python: the newest listed version that admits it, or None where none does."""

    mark: Mark
    version: Version | None

    @property
    def text(self) -> str:
        """`P 5.7.0`, `a 0.2.0` or `-`."""
        return self.mark if self.version is None else f"{self.mark} {self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One Python, or one branch of a product: `until` says how long its makers support it, `ended` that they no longer do."""

    name: str
    until: str
    ended: bool
    cells: tuple[Cell, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Heatmap:
    """The grid: `rows` are the Pythons, each with a cell for each of `packages`; `products` are services and programs by branch."""

    name: str
    title: str
    facts: str
    packages: tuple[str, ...]
    rows: tuple[Line, ...]
    products: tuple[tuple[str, tuple[Line, ...]], ...]


def heatmap(matrix: Matrix, today: date) -> Heatmap:
    """The grid of `matrix`, with what had ended on `today`.

    Its cells stand on metadata alone: their rung is `published`, `stated` where people wrote it.
    """
    return Heatmap(
        name=matrix.name,
        title=matrix.title,
        facts=f"{matrix.name} {matrix.version}, facts of {matrix.looked_at}, rung: {matrix.rung}",
        packages=tuple(str(entry.name) for entry in matrix.packages),
        rows=tuple(
            _line(branch, today, tuple(_cell(entry, branch.name) for entry in matrix.packages))
            for branch in matrix.pythons
        ),
        products=tuple(
            (product.name, tuple(_line(branch, today) for branch in product.branches)) for product in matrix.products
        ),
    )


def _line(branch: Branch, today: date, cells: tuple[Cell, ...] = ()) -> Line:
    ended = branch.ended(today)
    if branch.end_of_life is not None:
        until = f"{'ended' if ended else 'until'} {branch.end_of_life}"
    else:
        until = "ended" if ended else "no end set"
    return Line(name=branch.name, until=until, ended=ended, cells=cells)


def _cell(entry: PackageEntry, minor: str) -> Cell:
    python = newest_patch(minor)
    admitting = [
        (version, found)
        for found in entry.ranges
        if found.requires_python.contains(python, prereleases=True)
        for version, _ in found.releases
    ]
    if not admitting:
        return Cell(mark=Mark.FORBIDDEN, version=None)
    version, found = max(admitting, key=lambda each: each[0])
    return Cell(mark=Mark.NAMED if minor in found.pythons else Mark.ADMITTED, version=version)


# Dark text on light grounds: each pair has a contrast of more than 7 to 1, and letter and word say it without the colour.
_FILLS = {Mark.NAMED: "#bfe3c6", Mark.ADMITTED: "#f7e0a3", Mark.FORBIDDEN: "#f1b9b4"}
_INK = "#1b1b1f"
_BOLD = ' font-weight="bold"'
_ENDED = ' fill="#8a1f17"'
_CHARACTER = 8
"""The width of a character in pixels; a little more than any monospaced font of this size takes."""
_HEIGHT, _LEADING, _TOP, _MARGIN = 28, 22, 80, 20


def svg(drawn: Heatmap) -> str:
    """The grid as one SVG document that asks nothing of anyone: no script, no font, no link; system fonts, text that can be read aloud."""
    first = _wide(["Python", *map(_dated, drawn.rows)])
    widths = [_wide([name, *(row.cells[at].text for row in drawn.rows)]) for at, name in enumerate(drawn.packages)]
    columns = [[name, *map(_dated, lines)] for name, lines in drawn.products]
    legend = [*(f"{mark} {sentence}" for mark, sentence in LEGEND.items()), CAVEAT]
    below = _TOP + _HEIGHT * (len(drawn.rows) + 1) + 40
    inner = max(first + sum(widths), sum(map(_wide, columns)), *(_wide([each]) for each in (drawn.facts, *legend)))
    width = round(max(inner, 1.5 * _wide([drawn.title]))) + 2 * _MARGIN
    height = below + _LEADING * (len(legend) + 1 + max(map(len, columns), default=0)) + _MARGIN
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    font = 'font-family="monospace" font-size="13"'
    return "\n".join(
        (
            '<?xml version="1.0" encoding="UTF-8"?>',
            f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title desc" {size} {font} fill="{_INK}">',
            f'<title id="title">{_safe(drawn.title)}: Python by package</title>',
            f'<desc id="desc">{_safe(" ".join((drawn.facts + ".", *_spoken(drawn), CAVEAT)))}</desc>',
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
    words = {Mark.NAMED: "", Mark.ADMITTED: " (admitted, not named)", Mark.FORBIDDEN: "no version"}
    for row in drawn.rows:
        cells = (
            f"{name} {cell.version if cell.version is not None else ''}{words[cell.mark]}"
            for name, cell in zip(drawn.packages, row.cells, strict=True)
        )
        yield f"Python {row.name}, {row.until}: {', '.join(cells)}."


def _safe(text: str) -> str:
    """`text` inside an element or attribute; what XML can't hold is a space."""
    return escape("".join(each if each.isprintable() else " " for each in text))
