"""The differences between two audits as a Markdown document."""

from collections.abc import Iterator, Sequence

from stackaudit.model.differences import Difference, Differences, Section
from stackaudit.reports._diff_words import FOLDED, LEGEND, TITLES, brought_by, conclusion, is_long, word
from stackaudit.reports._escape import inline


def render(differences: Differences) -> str:
    """The document. The same two records give the same bytes."""
    return "\n".join(_lines(differences)) + "\n"


def _lines(differences: Differences) -> Iterator[str]:
    old, new = differences.old, differences.new
    yield f"# What changed from {inline(old.name)} to {inline(new.name)}"
    yield ""
    yield f"**{inline(conclusion(differences)).capitalize()}.**"
    yield ""
    yield "| | Old | New |"
    yield "|---|---|---|"
    yield from (
        _row(each)
        for each in (
            ("Record", old.name, new.name),
            ("Audited on", f"{old.started_at:%Y-%m-%d %H:%M} UTC", f"{new.started_at:%Y-%m-%d %H:%M} UTC"),
            ("Verdict", old.verdict, new.verdict),
            ("Tool", f"stackaudit {old.tool_version}", f"stackaudit {new.tool_version}"),
            ("Digest", old.digest, new.digest),
        )
    )
    for section in Section:
        found = differences.of(section)
        if found:
            yield from ("", f"## {TITLES[section]}", "")
            yield from _table(found, folded=section in FOLDED or is_long(section, found))
    if any(each.lane is not None for each in differences.found):
        yield from ("", LEGEND)


def _table(found: Sequence[Difference], *, folded: bool) -> Iterator[str]:
    if folded:
        yield from (f"<details><summary>{len(found)} of them</summary>", "")
    yield "| What | Became | Before | After | Brought by |"
    yield "|---|---|---|---|---|"
    for each in found:
        yield _row((each.subject, word(each), each.before or "-", each.after or "-", brought_by(each) or "-"))
    if folded:
        yield from ("", "</details>")


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(inline(each) for each in cells)} |"
