"""Draws the dates of a stack on one axis of years."""

from collections.abc import Iterator, Sequence
from datetime import date

from stackaudit.reports._drawing import picture, words
from stackaudit.reports._timeline import Life

_ROW, _TOP, _PLOT = 26, 44, 360
_CHARACTER = 8
"""The width of a character in pixels; more than the usual one of a sans-serif font of this size takes."""
CAPTION = (
    "A dot is a release, a ring the newest release that this Python can take. A bar runs from a branch's release to the end of its "
    "support, which is a cross; a dashed bar has no end set."
)


def timeline(lives: Sequence[Life], today: date) -> str:
    """The dates as SVG: a line each for what was audited, with its dates in words beside it, and a line for the day of the audit."""
    days = sorted((today, *(day for each in lives for day in each.dates)))
    first, last = date(days[0].year, 1, 1), date(days[-1].year + 1, 1, 1)
    left = _CHARACTER * max(len(each.label) for each in lives) + 10
    said = left + _PLOT + 16
    size = (said + _CHARACTER * max(len(each.said) for each in lives), _TOP + _ROW * len(lives) + 8)
    axis = _Axis(first=first, last=last, left=left)
    told = " ".join((f"Audited {today}.", *(f"{each.label}: {each.said}." for each in lives)))
    drawn = (
        *_years(axis, size[1]),
        *(line for at, each in enumerate(lives) for line in _life(each, axis, _TOP + _ROW * at, said)),
        *_today(axis, today, size[1]),
    )
    return picture("timeline", "Release and end-of-life dates", told, size, drawn)


class _Axis:
    """Places days between `first` and `last` on the plot that begins at `left` pixels."""

    def __init__(self, *, first: date, last: date, left: int) -> None:
        self.first, self.last, self.left, self.right = first, last, left, left + _PLOT
        self._each = _PLOT / (last - first).days

    def at(self, day: date) -> float:
        """Where `day` lies, in pixels, to a tenth."""
        return round(self.left + (day - self.first).days * self._each, 1)


def _years(axis: _Axis, bottom: int) -> Iterator[str]:
    years = range(axis.first.year, axis.last.year + 1)
    step = next(each for each in (1, 2, 5, 10, 20, 50, 100, 1000) if len(years) <= 8 * each)
    for year in years[::step]:
        at = axis.at(date(year, 1, 1))
        yield f'<path d="M{at:g} {_TOP - 12}V{bottom}" class="grid"/>'
        yield words(at, _TOP - 18, str(year), "year")


def _today(axis: _Axis, today: date, bottom: int) -> Iterator[str]:
    at = axis.at(today)
    yield f'<path d="M{at:g} {_TOP - 32}V{bottom}" class="today"/>'
    yield words(at, 12, f"audited {today}", "day")


def _life(life: Life, axis: _Axis, top: int, said: int) -> Iterator[str]:
    middle = top + 9
    yield words(0, top + 14, life.label)
    if life.branch and life.released is not None and (life.end is not None or not life.ended):
        kind = "ended" if life.ended else "open" if life.end is None else "kept"
        until = axis.at(life.end) if life.end is not None else axis.right
        yield f'<path d="M{axis.at(life.released):g} {middle}H{until:g}" class="bar {kind}"/>'
    if life.released is not None:
        yield f'<circle cx="{axis.at(life.released):g}" cy="{middle}" r="5" class="dot"/>'
    if life.newest is not None:
        yield f'<circle cx="{axis.at(life.newest):g}" cy="{middle}" r="5" class="ring"/>'
    if life.end is not None:
        at = axis.at(life.end)
        yield f'<path d="M{at - 5:g} {middle - 5}l10 10m0 -10l-10 10" class="cross{" ended" if life.ended else ""}"/>'
    yield words(said, top + 14, life.said, "ended" if life.ended else "")
