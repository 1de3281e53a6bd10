"""Tells the differences between two audits to a person, as pieces of text with their styles."""

from collections.abc import Iterator

from stackaudit.model.differences import Difference, Differences, Kind, Section, Side
from stackaudit.model.findings import Severity
from stackaudit.reports._diff_words import FOLDED, LEGEND, LONG, TITLES, brought_by, conclusion, is_long, word

WIDTH = 100
"""How long a line may be before what was and what is are told on lines of their own."""

_STYLES = {Kind.ADDED: "bold", Kind.REMOVED: "", Kind.CHANGED: ""}
_SIGNS = {Kind.ADDED: "+", Kind.REMOVED: "-", Kind.CHANGED: "~"}


def segments(differences: Differences, *, verbose: bool = False) -> Iterator[tuple[str, str]]:
    """Each piece of the text with its Rich style. What is long and seldom wanted is counted, unless `verbose`."""
    yield from _side("old", differences.old)
    yield from _side("new", differences.new)
    yield "\n", ""
    for section in Section:
        found = differences.of(section)
        if not found:
            continue
        if section in FOLDED and not verbose:
            yield f"{TITLES[section]}: {len(found)} differ{'s' * (len(found) == 1)}; -v tells which\n\n", "dim"
            continue
        yield f"{TITLES[section]}\n", "bold"
        cut = not verbose and is_long(section, found)
        for each in found[:LONG] if cut else found:
            yield from _told(each)
        if cut:
            yield f"  and {len(found) - LONG} more; -v tells all\n", "dim"
        yield "\n", ""
    yield f"{conclusion(differences)}\n", "bold"
    if any(each.lane is not None for each in differences.found):
        yield f"{LEGEND}\n", "dim"


def _side(word_: str, side: Side) -> Iterator[tuple[str, str]]:
    yield f"{word_}  ", "dim"
    yield f"{side.name}", "bold"
    yield f"  {side.started_at:%Y-%m-%d %H:%M} UTC, stackaudit {side.tool_version}: {side.verdict}\n", ""


def _told(each: Difference) -> Iterator[tuple[str, str]]:
    style = "bold red" if _alarms(each) else _STYLES[each.kind]
    if each.section is Section.VERDICTS and each.kind is Kind.CHANGED:
        yield from _turned(each)
        return
    by = brought_by(each)
    yield f"  {_SIGNS[each.kind] if each.seen else '?'} {each.subject}", style
    yield f" {word(each)}{f' ({by})' if by else ''}", "dim"
    if each.before is None or each.after is None:
        yield f": {each.before or each.after}\n", ""
    elif len(each.subject) + len(each.before) + len(each.after) < WIDTH:
        yield f": {each.before} -> {each.after}\n", ""
    else:
        yield f"\n      was  {each.before}\n      now  {each.after}\n", ""


def _turned(each: Difference) -> Iterator[tuple[str, str]]:
    """A verdict that turned: what it was in a word, and what it is with its summary."""
    yield f"  ~ {each.subject}", ""
    yield f": {(each.before or '').partition(':')[0]} -> {each.after}\n", ""


def _alarms(each: Difference) -> bool:
    return each.after is not None and each.severity is not None and each.severity.rank >= Severity.HIGH.rank
