"""Documents as people write them, and as nobody should: each package is read where a reader sees it, and what was not read is told."""

from datetime import date

import pytest

from stackaudit.inputs.documents import claims
from stackaudit.model.claims import Claim, ClaimKind

TABLE = "| Package | Version | Notes |\n|---|---|---|\n"


def of(text: str, *kinds: ClaimKind) -> list[tuple[int | None, str]]:
    """The claims of some kinds in `text`, each with its line."""
    return [(each.where.line, each.text) for each in claims(text, "a.md") if each.kind in kinds]


def pins(text: str) -> list[tuple[int | None, str]]:
    return of(text, ClaimKind.PIN)


def unread(text: str) -> str:
    """The lines whose versions were not read."""
    return next((each.about for each in claims(text, "a.md") if each.kind is ClaimKind.UNREAD), "")


def test_a_list_of_requirements_is_read_and_servers_in_it_are_no_packages() -> None:
    text = "## Requirements\n\n- Python 3.9\n- Celery 5.4.0\n- redis-py 5.0.8 (the server is Redis 7.2.4)\n- `vine` 5.1.0\n- Node 20.11.1\n"
    assert pins(text) == [(4, "celery 5.4.0"), (5, "redis 5.0.8"), (6, "vine 5.1.0")]


def test_a_list_elsewhere_is_no_list_of_requirements() -> None:
    assert pins("## Milestones\n\n- Phoenix 2.1.0\n") == []


@pytest.mark.parametrize(
    "text",
    [
        "| Lib. | Used in | Ver. |\n|---|---|--:|\n| celery[^1] | prod | v5.4.0[^2] |\n\n[^1]: pinned",
        "| Paket | Version |\n|---|---|\n| celery | 5.4.0 |",
        "| Bibliothèque | Versión |\n|---|---|\n| celery | 5.4.0 |",
        "| Package | Version |\n|---|---|\n| cel\u200bery | 5.4.0\u200b |",
        "| Package | Version |\n|---|---|\n| celery <!-- kombu==9.9.9 --> | 5.4.0 |",
        "celery==5.4.0 <!-- kombu==9.9.9\nredis==3.0.0 -->",
    ],
    ids=["short heads and footnotes", "German", "French and Spanish", "no width", "comment in a cell", "comment"],
)
def test_a_pin_is_read_as_a_reader_sees_it(text: str) -> None:
    assert [each for _, each in pins(text)] == ["celery 5.4.0"]


def test_a_line_after_a_comment_over_two_lines_keeps_its_number() -> None:
    assert pins("- item <!-- a\n  b --> and\n  celery==5.4.0") == [(3, "celery 5.4.0")]


def test_digits_of_other_scripts_are_no_version() -> None:
    text = f"{TABLE}| kombu | \uff15.\uff16.1 | |\n| \u0441elery | 5.4.0 | |\n"
    assert pins(text) == []
    assert unread(text) == "3,4"


@pytest.mark.parametrize(
    "text",
    [
        "Do not use celery==5.2.7 here.",
        "We dropped redis==4.5.1 in May.",
        "It was kombu==5.3.7 before.",
        "~~celery==5.2.7~~",
    ],
)
def test_a_version_that_is_said_not_to_be_used_is_no_pin(text: str) -> None:
    assert pins(text) == []


def test_a_command_that_installs_pins_what_it_names() -> None:
    assert pins("```bash\npip install celery==5.4.0 redis==5.0.8\n```") == [(2, "celery 5.4.0"), (2, "redis 5.0.8")]


def test_a_sentence_is_about_the_package_that_it_begins_with() -> None:
    text = "celery==5.4.0\n\nIt is here to stay. Redis 5.0.8 supports Python 3.7. celery 5.4.0 supports Python 3.12."
    assert of(text, ClaimKind.SUPPORTED) == [(3, "celery 5.4.0 supports Python 3.12")]


def test_what_is_not_claimed_to_be_clean_is_not_held_against_the_document() -> None:
    text = "celery==5.4.0\n\nWe do not claim that it has no known vulnerabilities."
    assert of(text, ClaimKind.CLEAN) == []


def test_a_sentence_that_calls_one_package_clean_is_about_that_one() -> None:
    text = "celery==5.4.0 and redis==5.0.8\n\nThere are no known vulnerabilities in celery 5.4.0."
    assert of(text, ClaimKind.CLEAN) == [(3, "celery 5.4.0 has no known vulnerability")]


def test_a_column_of_the_latest_is_read_as_a_version_or_as_a_tick() -> None:
    text = (
        "| Package | Version | Latest |\n|---|---|---|\n| celery | 5.4.0 | 5.5.0 |\n| vine | 5.1.0 | ✅ |\n"
        "| redis | 5.0.8 | no |\n"
    )
    assert of(text, ClaimKind.LATEST) == [(3, "celery 5.5.0 is the latest"), (4, "vine 5.1.0 is the latest")]


@pytest.mark.parametrize("text", ["**Datum:** 15. August 2024", "Stand: 15.08.2024", "Geprüft am 15. August 2024"])
def test_a_german_day_dates_the_document(text: str) -> None:
    (day,) = [each for each in claims(text, "a.md") if each.kind is ClaimKind.DATE]
    assert day.on == date(2024, 8, 15)


def test_versions_that_were_not_read_are_told_with_their_lines_and_pass_nothing_by_silence() -> None:
    text = (
        "celery==5.4.0\n\n| Thing | Nummer |\n|---|---|\n| redis | 5.0.8 |\n| kombu | soon |\n\n"
        f"We looked at RQ 1.16.2 too.\nThis is better than celery==5.4.0: RQ 1.16.2.\nIt took 2.5 s.\n\n{TABLE}| vine | 5.0 → 5.1.0 | |\n"
    )
    assert unread(text) == "5,8,9,14"


def test_what_lies_deeper_than_is_read_is_told() -> None:
    text = "celery==5.4.0\n\n" + ">" * 300 + " redis==5.0.8\n"
    assert unread(text) == "3"


def test_where_each_version_was_read_nothing_is_told() -> None:
    text = f"# Celery 5.4.0\n\ncelery==5.4.0 <!-- kombu==5.0.0 -->\n\n{TABLE}| vine | 5.1.0 | |\n\nPython 3.11.7"
    assert unread(text) == ""


def commands(text: str) -> list[Claim]:
    return [each for each in claims(text, "a.md") if each.kind in {ClaimKind.COMMAND, ClaimKind.PROSE}]


@pytest.mark.parametrize(
    "line",
    [
        "curl -H 'Authorization: Bearer hunter2' https://x",
        "redis-cli -a hunter2 ping",
        "redis-cli --pass=hunter2 ping",
        "mysql --password hunter2",
        "env PASSWORD=hunter2 ./run",
        "stackaudit check --broker-url redis://:hunter2@h/0",
        "curl https://x/?api_key=hunter2",
        "docker login -u bob -p hunter2 registry.example",
    ],
)
def test_a_secret_in_a_command_never_enters_a_claim(line: str) -> None:
    found = commands(f"```bash\n{line}\n```\n")
    assert found
    assert "hunter2" not in f"{found}"


def test_what_is_no_secret_stays_in_a_command() -> None:
    (found,) = commands("```bash\ncelery -A app -b redis://h/0 inspect ping -t 5 -p 8080\n```\n")
    assert found.name == "celery -A app -b redis://h/0 inspect ping -t 5 -p 8080"


def test_a_secret_in_praise_never_enters_a_claim() -> None:
    found = commands("robust and modern with password=hunter2 and https://u:hunter2@h/x optimized\n")
    assert found
    assert "hunter2" not in f"{found}"


def test_a_long_run_of_dots_is_read_at_once() -> None:
    text = "celery==" + "1." * 100_000 + "\n\nredis==5.0.8 " + "x." * 100_000
    assert pins(text) == [(3, "redis 5.0.8")]


def test_a_paragraph_of_six_thousand_claims_is_read_at_once() -> None:
    text = "celery==5.4.0 is the latest stable version, required by kombu 5.3.7, " * 6000
    assert pins(text) == [(1, "celery 5.4.0")]
