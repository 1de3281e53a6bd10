"""The pictures of a page count and date what the document tells, and can be read without eyes."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from datetime import UTC, datetime

from packaging.utils import canonicalize_name

from pages import SVG, pictures, said, the_audit
from stackaudit.model.audit import Audit
from stackaudit.model.facts.published import Release
from stackaudit.model.findings import Outcome, Severity, Verdict, Waived
from stackaudit.model.manifest import Setting
from stackaudit.model.places import Place
from stackaudit.reports._severities import tally
from stackaudit.reports._timeline import Life, lives
from stackaudit.reports._timeline_svg import timeline
from stories import NOW, look
from tellings import a_finding, judged


def test_every_picture_has_a_title_and_says_in_words_what_it_shows() -> None:
    found = pictures(the_audit())
    assert list(found) == ["severities", "timeline", "heatmap"]
    for name, each in found.items():
        title, told = each[0], each[1]
        assert each.get("role") == "img"
        assert (title.tag, title.get("id")) == (f"{SVG}title", f"{name}-title")
        assert (told.tag, told.get("id")) == (f"{SVG}desc", f"{name}-desc")
        assert said(title)
        assert said(told)


def test_the_bars_count_what_the_document_tells() -> None:
    accepted = replace(a_finding(), waiver=Waived(reason="so be it"))
    audit = judged(
        [a_finding(), a_finding(severity=Severity.LOW), a_finding(severity=Severity.LOW), accepted],
        [a_finding(Outcome.UNKNOWN), a_finding(Outcome.UNCHECKABLE), a_finding(Outcome.PASS)],
        skipped="nobody asked",
    )
    counts = {"critical": 0, "high": 1, "medium": 0, "low": 2, "accepted": 1, "unknown": 1, "uncheckable": 1}
    assert tally(audit) == counts
    drawn = pictures(audit)["severities"]
    texts = [each.text for each in drawn.iter(f"{SVG}text")]
    assert dict(zip(texts[::2], texts[1::2], strict=True)) == {kind: str(count) for kind, count in counts.items()}
    assert said(drawn[1]).endswith("1 unknown, 1 uncheckable. 2 of 3 checks ran; not checked: skipped.")


def test_a_check_that_saw_nothing_is_a_bar_and_no_empty_picture() -> None:
    audit = replace(judged([]), verdict=Verdict.UNKNOWN)
    assert tally(audit)["unknown"] == 1


def test_one_finding_can_be_seen_beside_a_thousand() -> None:
    drawn = pictures(judged([a_finding(severity=Severity.LOW)] * 1000 + [a_finding(severity=Severity.CRITICAL)]))
    widths = {each.get("class"): int(each.get("width", "0")) for each in drawn["severities"].iter(f"{SVG}rect")}
    assert widths["critical"] >= 4
    assert set(widths) == {"critical", "low"}


def released(audit: Audit, version: str = "5.4.0", newest: str = "5.6.0") -> Audit:
    """`audit` with what an index says of celery."""
    fact = Release(
        name=canonicalize_name("celery"),
        version=version,
        known=True,
        exists=True,
        uploaded_at=datetime(2024, 4, 17, tzinfo=UTC),
        newest=newest,
        newest_for_python=newest,
        newest_for_python_at=datetime(2025, 11, 30, tzinfo=UTC),
    )
    snapshot = replace(audit.case.snapshot, looks=(*audit.case.snapshot.looks, look("index", fact)))
    return replace(audit, case=replace(audit.case, snapshot=snapshot))


def life(audit: Audit, label: str) -> Life:
    (found,) = [each for each in lives(audit) if each.label == label]
    return found


def test_the_dates_of_a_package_are_the_indexs_and_else_the_matrixs_and_it_says_which() -> None:
    assert life(the_audit(), "celery 5.4.0").said == "released 2024-04-17 (matrix); newest not seen"
    seen = life(released(the_audit()), "celery 5.4.0")
    assert seen.said == "released 2024-04-17; newest 5.6.0 of 2025-11-30"
    assert [each.isoformat() for each in seen.dates] == ["2024-04-17", "2025-11-30"]
    assert life(released(the_audit(), newest="5.4.0"), "celery 5.4.0").said == "released 2024-04-17; the newest"


def test_the_python_has_the_end_of_its_support_and_one_that_ended_is_told_as_ended() -> None:
    audit = the_audit()
    assert life(audit, "Python 3.11").said == "released 2022-10-24; support ends 2027-10-31"
    later = replace(audit, case=replace(audit.case, today=datetime(2028, 1, 1, tzinfo=UTC).date()))
    assert life(later, "Python 3.11").said == "released 2022-10-24; support ended 2027-10-31"
    assert life(later, "Python 3.11").ended


def pythons(audit: Audit) -> list[str]:
    return [each.label for each in lives(audit) if each.label.startswith("Python")]


def test_with_files_alone_the_python_is_the_one_that_was_asked_for_and_never_the_auditors() -> None:
    audit = the_audit()
    bare = replace(audit.case, snapshot=replace(audit.case.snapshot, looks=()))
    files = replace(bare, manifest=replace(bare.manifest, interpreter=None, settings=()))
    setting = Setting(name="python_version", value="3.12", where=Place(path="--python-version"))
    told = replace(files, manifest=replace(files.manifest, settings=(setting,)))
    assert pythons(replace(audit, case=files)) == []
    assert pythons(replace(audit, case=told)) == ["Python 3.12, asked for"]
    assert pythons(replace(audit, case=bare)) == []


def test_what_has_no_date_is_told_and_not_left_out() -> None:
    audit = the_audit()
    matrix = audit.case.matrix
    assert matrix is not None
    bare = replace(audit, case=replace(audit.case, matrix=replace(matrix, pythons=())))
    assert life(bare, "Python 3.11") == Life(label="Python 3.11", said="not in the matrix: no dates known", branch=True)
    assert "Python 3.11: not in the matrix: no dates known." in said(pictures(bare)["timeline"][1])


def test_without_a_matrix_there_is_no_picture_of_one() -> None:
    audit = the_audit()
    assert list(pictures(replace(audit, case=replace(audit.case, matrix=None)))) == ["severities"]


def test_all_that_the_timeline_draws_lies_inside_it() -> None:
    days = [NOW.date().replace(year=year) for year in (1990, 2026, 2090)]
    drawn = ET.fromstring(
        timeline(
            [
                Life(label="a", said="b", released=days[0], end=days[2], branch=True),
                Life(label="c" * 60, said="d" * 80, released=days[1], newest=days[2]),
                Life(label="e", said="f", released=days[1], branch=True),
            ],
            days[1],
        )
    )
    width, height = (int(drawn.get(each, "0")) for each in ("width", "height"))
    for each in drawn.iter(f"{SVG}text"):
        assert 0 <= float(each.get("x", "-1")) <= width
        assert 0 < float(each.get("y", "-1")) < height
    for each in drawn.iter(f"{SVG}circle"):
        assert 0 < float(each.get("cx", "-1")) < width
