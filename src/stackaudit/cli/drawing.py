"""Draws matrices for a terminal: all in a table, one as a grid, and what is wrong with them."""

from collections.abc import Iterator, Sequence

from stackaudit.checks._lint import verdict_of
from stackaudit.cli.text import LABELS, Segment
from stackaudit.model.findings import Finding, Severity
from stackaudit.model.matrix import Matrix
from stackaudit.model.wire import Json, encode
from stackaudit.reports.heatmap import CAVEAT, LEGEND, Heatmap, Line, Mark, lettered

_STYLES = {
    Mark.FORBIDDEN: "black on red",
    Mark.ADMITTED: "black on yellow",
    Mark.STATED: "black on white",
    Mark.PUBLISHED: "black on cyan",
    Mark.RESOLVED: "black on green",
    Mark.IMPORTED: "black on green",
    Mark.EXERCISED: "black on bright_green",
    Mark.SURVIVED: "bold black on bright_green",
}


def summary(matrix: Matrix) -> dict[str, Json]:
    """What a list tells of one matrix, for programs."""
    return {
        "name": matrix.name,
        "title": matrix.title,
        "version": matrix.version,
        "looked_at": str(matrix.looked_at),
        "published_at": encode(matrix.published_at),
        "rung": matrix.rung.value,
        "packages": len(matrix.packages),
        "releases": releases(matrix),
        "known_bad": len(matrix.known_bad),
        "sha256": matrix.sha256,
    }


def table(matrices: Sequence[Matrix]) -> str:
    """A line for each matrix: name, version, the day of its facts, rung, how much it lists, title."""
    head = ("name", "version", "facts of", "rung", "packages", "releases", "title")
    rows = [
        head,
        *(
            (
                each.name,
                each.version,
                str(each.looked_at),
                each.rung,
                str(len(each.packages)),
                str(releases(each)),
                each.title,
            )
            for each in matrices
        ),
    ]
    widths = [max(len(row[at]) for row in rows) for at in range(len(head))]
    lines = ("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows)
    return "\n".join(lines) + "\n"


def releases(matrix: Matrix) -> int:
    """How many releases `matrix` lists."""
    return sum(len(found.releases) for entry in matrix.packages for found in entry.ranges)


def drawn(grid: Heatmap) -> Iterator[Segment]:
    """The grid, its legend, and the branches of the products."""
    yield f"{grid.title}\n", "bold"
    yield f"{grid.facts}\n\n", ""
    first = max(map(len, ("Python", *map(_dated, grid.rows))))
    widths = [
        max(map(len, (name, *(row.cells[at].text for row in grid.rows)))) for at, name in enumerate(grid.packages)
    ]
    names = "  ".join(f" {name:<{width}}" for name, width in zip(grid.packages, widths, strict=True)).rstrip()
    yield f"{'Python':<{first}}  {names}\n", "bold"
    for row in grid.rows:
        yield f"{_dated(row):<{first}} ", _ended(row)
        for cell, width in zip(row.cells, widths, strict=True):
            yield " ", ""
            yield f" {cell.text:<{width}} ", _STYLES[cell.mark]
        yield "\n", ""
    yield "\n", ""
    for mark, sentence in LEGEND.items():
        yield f" {lettered(mark)} ", _STYLES[mark]
        yield f" {sentence}\n", ""
    yield f"{CAVEAT}\n", ""
    for name, branches in grid.products:
        yield f"\n{name}\n", "bold"
        for branch in branches:
            yield f"  {_dated(branch)}\n", _ended(branch)


def _dated(line: Line) -> str:
    return f"{line.name:<4} {line.until}"


def _ended(line: Line) -> str:
    return "red" if line.ended else ""


def linted(judged: Sequence[tuple[Matrix, Sequence[Finding]]]) -> Iterator[Segment]:
    """A line for each matrix, then what is wrong, then the verdict."""
    for matrix, findings in judged:
        label, style = LABELS[verdict_of(findings)]
        yield f"  {label:<5}", style
        listed = f"{_count(len(matrix.packages), 'package')}, {_count(releases(matrix), 'release')}"
        count = _count(len(findings), "finding") if findings else "no finding"
        yield f" {matrix.name} {matrix.version}: {listed}; {count}\n", ""
    yield "\n", ""
    everything = [finding for _, findings in judged for finding in findings]
    for finding in sorted(everything, key=lambda each: -each.severity.rank):
        low = finding.severity is Severity.LOW
        yield f"{'note' if low else 'error'}[{finding.rule}]", "cyan" if low else "bold red"
        yield f": {finding.message}\n", "" if low else "bold"
        yield f" --> {finding.where}\n", "blue"
        yield f"  = why:  {finding.why}\n  = fix:  {finding.fix}\n", ""
        yield f"  = more: stackaudit explain {finding.rule}\n\n", "dim"
    verdict = verdict_of(everything)
    label, style = LABELS[verdict]
    yield "pass" if label == "ok" else verdict.upper(), style
    clean = sum(1 for _, findings in judged if not findings)
    yield f": {clean} of {len(judged)} {'matrix' if len(judged) == 1 else 'matrices'} without a finding\n", ""


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
