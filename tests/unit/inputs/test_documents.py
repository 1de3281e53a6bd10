"""Any text ends in claims: those that people write of dependencies, in whatever shape, each with its line."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from stackaudit.inputs.documents import LIMIT, claims, read
from stackaudit.model.claims import Claim, ClaimKind
from stackaudit.model.errors import InputError


def of(text: str, *kinds: ClaimKind) -> list[tuple[int | None, str]]:
    """The claims of some kinds in `text`, each with its line."""
    return [(each.where.line, each.text) for each in claims(text, "a.md") if each.kind in kinds]


def one(text: str, kind: ClaimKind) -> Claim:
    found = [each for each in claims(text, "a.md") if each.kind is kind]
    assert len(found) == 1, found
    return found[0]


PINS = "celery==5.4.0\n\n"


@pytest.mark.parametrize(
    "text",
    [
        "| Package | Version |\n|---|---|\n| `celery` | 5.4.0 |",
        "| Version | Role | Dependency |\n|---|---|---|\n| **v5.4.0** | queue | Celery |",
        "| Library | Locked |\n|:--|--:|\n| celery[redis] | ==5.4.0 |",
        "- celery==5.4.0",
        "We run `celery[redis]==5.4.0`.",
        "```text\ncelery==5.4.0\n```",
        "    celery==5.4.0",
        "#### Celery 5.4.0",
        "<details><summary>Pins</summary>\n\n| Package |\n|---|\n| celery==5.4.0 |\n\n</details>",
    ],
    ids=["table", "other columns", "locked", "list", "prose", "code", "indented", "heading", "folded"],
)
def test_a_package_at_its_version_is_read_in_every_shape(text: str) -> None:
    pin = one(text, ClaimKind.PIN)
    assert (pin.name, pin.version, pin.text) == ("celery", "5.4.0", "celery 5.4.0")


@pytest.mark.parametrize(
    "text",
    [
        "| Package | Version |\n|---|---|\n| PostgreSQL | 16.2 |",
        "## Python 3.11",
        "## Version 2.0.1",
        "celery>=5.4",
        "a == 1.0",
    ],
)
def test_what_is_no_package_at_a_version_is_no_pin(text: str) -> None:
    assert of(text, ClaimKind.PIN) == []


@pytest.mark.parametrize(
    "text",
    [
        "Fix: install celery==5.7.0, or pin celery==5.4.0",
        "| Rule | What |\n|---|---|\n| MX301 | install celery==5.7.0, it is newer |",
        "Upgrade to celery==5.7.0",
    ],
)
def test_a_version_that_is_advised_is_no_pin(text: str) -> None:
    assert of(text, ClaimKind.PIN) == []


def test_a_server_is_not_taken_for_the_client_of_its_name() -> None:
    assert of("## Redis 7.2.4", ClaimKind.PIN) == []
    assert of("redis==5.0.8\n\n## Redis 5.0.8\n", ClaimKind.PIN) == [(1, "redis 5.0.8")]


@pytest.mark.parametrize(
    "text",
    [
        "## Audit Date\n\n2025-06-18",
        "**Date**: 2025-06-18",
        "Audited on 2025-06-18 09:00 UTC",
        "Last updated: June 18, 2025",
        "Reviewed on 18 June 2025",
        "| Question | Answer |\n|---|---|\n| Audit date | 2025-06-18 |",
    ],
)
def test_the_day_of_the_document_is_read_as_people_write_it(text: str) -> None:
    assert one(text, ClaimKind.DATE).on == date(2025, 6, 18)


def test_the_day_under_a_title_that_says_so_comes_before_one_that_a_sentence_names() -> None:
    text = (
        "It was audited with advisories of 2020-01-01.\n\n| Check | Found |\n|---|---|\n| a | audited on 2019-01-01 |\n"
    )
    assert one(f"{text}\n## Audit date\n\nOn 2025-06-18.\n", ClaimKind.DATE).on == date(2025, 6, 18)


def test_a_duration_is_no_version_of_a_tool() -> None:
    assert of("pip-audit 3.66 s, pip 24.0 and uv 12.5 MB", ClaimKind.TOOL) == [(1, "pip 24.0")]


def test_a_section_with_a_day_in_its_heading_is_of_that_day() -> None:
    text = "Updated: 2025-06-18\n\n## 2024-05-01\n\n- celery==5.4.0\n\n## Now\n\n- kombu==5.5.4\n"
    days = {each.name: each.on for each in claims(text, "a.md") if each.kind is ClaimKind.PIN}
    assert days == {"celery": date(2024, 5, 1), "kombu": date(2025, 6, 18)}


def test_a_release_date_in_a_table_is_not_the_day_of_the_document() -> None:
    text = "| Package | Version | Release date |\n|---|---|---|\n| celery | 5.4.0 | 2024-04-17 |"
    assert of(text, ClaimKind.DATE) == []
    assert of(text, ClaimKind.RELEASED) == [(3, "celery 5.4.0 was released on 2024-04-17")]


@pytest.mark.parametrize(
    ("text", "claim"),
    [
        ("Latest stable release in the 5.4.x series", "celery 5.4.0 is the latest of 5.4"),
        ("the newest version of 5.4", "celery 5.4.0 is the latest of 5.4"),
        ("Latest stable", "celery 5.4.0 is the latest"),
    ],
)
def test_what_is_called_the_latest_is_a_claim_about_its_section_s_package(text: str, claim: str) -> None:
    assert of(f"## Celery 5.4.0\n\n- Why: {text}\n", ClaimKind.LATEST) == [(3, claim)]


@pytest.mark.parametrize("text", ["Upgrade to the latest version", "includes latest security patches"])
def test_advice_is_no_claim_to_be_the_latest(text: str) -> None:
    assert of(f"## Celery 5.4.0\n\n{text}.\n", ClaimKind.LATEST) == []


def test_who_requires_what_is_read_in_words_and_in_columns() -> None:
    words = f"{PINS}## Kombu 5.6.1\n\nRequired by Celery 5.4.0. A Celery dependency.\n"
    assert of(words, ClaimKind.REQUIRED) == [(5, "celery 5.4.0 requires kombu 5.6.1")]
    assert of(words, ClaimKind.DEPENDENCY) == [(5, "celery 5.4.0 depends on kombu")]
    column = f"{PINS}| Package | Version | Required by |\n|---|---|---|\n| kombu | 5.6.1 | celery |"
    assert of(column, ClaimKind.DEPENDENCY) == [(5, "celery 5.4.0 depends on kombu")]


@pytest.mark.parametrize(
    ("text", "minors"),
    [
        ("Supports Python 3.9, 3.10 and 3.11.", ["3.9", "3.10", "3.11"]),
        ("Tested on Python 3.9-3.11", ["3.9", "3.10", "3.11"]),
        ("Compatible with Python 3.11.x", ["3.11"]),
        ("Does not support Python 3.7", []),
        ("Dropped support for Python 3.8", []),
        ("Its classifiers end at Python 3.6, and it was seen to work", []),
    ],
)
def test_the_pythons_that_are_said_to_be_supported_are_read_and_not_those_that_are_not(
    text: str, minors: list[str]
) -> None:
    found = [each.about for each in claims(PINS + text, "a.md") if each.kind is ClaimKind.SUPPORTED]
    assert found == minors


@pytest.mark.parametrize(
    ("cell", "kind"),
    [
        ("✅ 5.4.0", ClaimKind.SUPPORTED),
        ("5.4.0: published", ClaimKind.NAMED),
        ("5.4.0: admitted, not named", ClaimKind.ADMITTED),
        ("5.4.0: forbidden", None),
        ("❌ 5.4.0", None),
        ("5.4.0", None),
    ],
)
def test_a_tick_in_a_matrix_is_a_claim_and_a_version_alone_or_a_cross_is_none(
    cell: str, kind: ClaimKind | None
) -> None:
    text = f"{PINS}| Python Version | Celery |\n|---|---|\n| 3.11 | {cell} |"
    found = [each for each in claims(text, "a.md") if each.about == "3.11"]
    assert [(each.kind, each.about, each.where.line) for each in found] == ([(kind, "3.11", 5)] if kind else [])


def test_a_tick_under_a_python_is_one_about_the_row_s_package() -> None:
    text = (
        "| Package | Version | Python 3.11 Status | 3.12 |\n|---|---|---|---|\n| celery | 5.4.0 | ✅ Certified | no |"
    )
    assert of(text, ClaimKind.SUPPORTED) == [(3, "celery 5.4.0 supports Python 3.11")]


def test_a_list_that_a_sentence_calls_clean_is_one_claim_a_package_and_one_that_it_is_whole() -> None:
    text = "These stack packages have no known vulnerabilities:\n\n- celery==5.4.0\n- kombu==5.6.1\n\nDone.\n"
    assert of(text, ClaimKind.CLEAN) == [
        (1, "no package has a known vulnerability"),
        (3, "celery 5.4.0 has no known vulnerability"),
        (4, "kombu 5.6.1 has no known vulnerability"),
    ]
    assert of(text, ClaimKind.COMPLETE) == [(1, "the list of clean packages is whole")]
    assert of(text.replace("stack ", ""), ClaimKind.COMPLETE) == []


def test_variables_and_commands_are_read_from_shell_code_and_from_no_other() -> None:
    text = "```bash\n# a\nexport CELERY_BROKER_URL=redis://x\ncelery inspect ping\n```\n\n```python\nCELERY_X = 1\nCELERY_Y=2\n```\n"
    assert of(text, ClaimKind.VARIABLE) == [(3, "CELERY_BROKER_URL")]
    assert of(text, ClaimKind.COMMAND) == [(4, "celery inspect ping")]


def test_a_variable_whose_row_says_that_nothing_reads_it_is_no_claim_that_something_does() -> None:
    text = "| Variable | Read by |\n|---|---|\n| CELERY_A | celery |\n| CELERY_B | nothing that was found |"
    assert of(text, ClaimKind.VARIABLE) == [(3, "CELERY_A")]


def test_praise_is_counted_clause_by_clause_and_what_is_a_claim_is_no_praise() -> None:
    text = "## Celery 5.4.0\n\nLatest stable release, improved performance, and a solid base.\n"
    assert of(text, ClaimKind.PROSE) == [(3, "improved performance"), (3, "and a solid base")]


def test_a_claim_in_a_wrapped_paragraph_is_told_by_its_own_line() -> None:
    text = "## Kombu 5.6.1\n\nA **fine**\n[transport](https://x.example),\nlatest stable,\nrequired by\nCelery 5.4.0.\n\ncelery==5.4.0\n"
    assert of(text, ClaimKind.LATEST) == [(5, "kombu 5.6.1 is the latest")]
    assert of(text, ClaimKind.REQUIRED) == [(6, "celery 5.4.0 requires kombu 5.6.1")]


ALPHABET = st.sampled_from(
    [
        *(
            "|",
            "---",
            "\n",
            "\n\n",
            "# ",
            "- ",
            "```",
            "`",
            "*",
            "[",
            "](",
            ")",
            "<",
            ">",
            "\\",
            " ",
            "==",
            "5.4.0",
            "celery",
            "✅",
        ),
        *(
            "Python 3.11",
            "no known vulnerabilities",
            "latest stable",
            "required by ",
            "2025-06-18",
            "Package",
            "Version",
            "99999-99-99",
        ),
        *("\x00", "\r"),
    ]
)
HOSTILE = st.one_of(st.text(max_size=400), st.lists(ALPHABET, max_size=60).map("".join))


@given(HOSTILE)
@example("| Package | Version |\n|-|-|\n||")
@example("<!--" * 50)
@example("[" * 300 + "]" * 300)
@example("> " * 200 + "celery==5.4.0")
@example("celery==" + "9" * 60)
def test_any_text_ends_in_claims_with_lines_that_it_has(text: str) -> None:
    lines = len(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"))
    for each in claims(text, "a.md"):
        assert each.text
        assert each.where.line is not None
        assert 1 <= each.where.line <= lines


@given(st.lists(st.sampled_from(["", "some words", "> quoted", "- item", "* * *", "<br>", "`a` **b**"]), max_size=12))
def test_a_pin_is_told_by_its_line_whatever_stands_before_it(before: list[str]) -> None:
    text = "\n".join([*before, "", "it runs oakpress==2.1.0 here"])
    assert of(text, ClaimKind.PIN) == [(len(before) + 2, "oakpress 2.1.0")]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            b"# Notes\n\nNothing is pinned.\n",
            "names no package at a version: there is nothing to hold against the index",
        ),
        (b"\xff\xfe", "is not UTF-8"),
        (b"a" * (LIMIT + 1), "is longer than 512 KB or 20,000 lines, which no document is that people read"),
        (b"a\n" * 20_001, "is longer than 512 KB or 20,000 lines, which no document is that people read"),
        ("\n".join(f"a{number}==1.0" for number in range(6000)).encode(), "makes more than 5000 claims"),
    ],
    ids=["no pin", "no text", "too long", "too many lines", "too many"],
)
def test_a_document_that_can_t_be_verified_is_refused_with_the_reason(
    tmp_path: Path, content: bytes, message: str
) -> None:
    (tmp_path / "a.md").write_bytes(content)
    with pytest.raises(InputError) as refused:
        read(tmp_path / "a.md", tmp_path)
    assert [each.message for each in refused.value.faults] == [message]
