"""A matrix is judged itself: what in it is old, can never be used, can never fire, or leads nowhere."""

import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from packaging.utils import canonicalize_name
from packaging.version import Version

from stackaudit import sockets
from stackaudit.authoring.proofs import text_of
from stackaudit.checks._lint import lint, verdict_of
from stackaudit.checks._lints import LINTS
from stackaudit.inputs import matrices
from stackaudit.model.findings import Severity, Verdict
from stackaudit.model.matrix import Matrix, Proof, Rung
from unit.inputs.test_matrices import GOOD, written

DAY = date(2026, 11, 22)
CLEAN = GOOD
KOMBU = """
[package.kombu]
role = "messages"
source = "https://example.org/kombu"

[[package.kombu.range]]
versions = ">=5.3,<5.4"
releases = { "5.3.4" = 2023-11-16 }
requires_python = ">=3.8"
pythons = ["3.11"]
"""
REDIS = """
[product.redis]
kind = "service"
role = "broker"
source = "https://example.org/redis"
branches."7.0" = {}

[[product.redis.note]]
versions = "==7.0.5"
text = "it leaks"
source = "https://example.org/leak"
"""


def told(tmp_path: Path, text: str, today: date = DAY) -> list[tuple[str, str, str]]:
    found = lint(written(tmp_path, text), today)
    return [(each.rule, each.severity.value, each.message) for each in found]


@pytest.mark.parametrize("matrix", matrices.read_all(), ids=lambda each: each.name)
def test_every_shipped_matrix_is_clean_on_the_day_of_its_facts(matrix: Matrix) -> None:
    assert lint(matrix, matrix.looked_at) == ()


def test_a_matrix_in_which_all_fits_is_clean(tmp_path: Path) -> None:
    assert told(tmp_path, CLEAN + KOMBU + REDIS) == []


def test_facts_are_old_after_ninety_days(tmp_path: Path) -> None:
    assert told(tmp_path, CLEAN, DAY + timedelta(days=90)) == []
    expected = ("MX501", "low", "the facts are of 2026-11-22, 91 days ago")
    assert told(tmp_path, CLEAN, DAY + timedelta(days=91)) == [expected]


DEMAND = """
[[package.celery.demand]]
runtime = ["kombu>=5.3.5"]
source = "https://example.org/demand"
"""


@pytest.mark.parametrize("demand", ["", DEMAND])
def test_a_version_that_no_listed_version_of_another_package_satisfies_is_medium(tmp_path: Path, demand: str) -> None:
    text = CLEAN + demand + KOMBU if demand else CLEAN.replace("kombu>=5.3.4", "kombu>=5.3.5") + KOMBU
    message = "celery 5.4.0 requires kombu>=5.3.5, and no kombu of that is listed for its Pythons"
    assert told(tmp_path, text) == [("MX502", "medium", message)]


def test_a_bound_that_only_another_python_keeps_is_not_kept(tmp_path: Path) -> None:
    text = CLEAN + KOMBU.replace(
        'requires_python = ">=3.8"\npythons = ["3.11"]', 'requires_python = ">=3.12"\npythons = []'
    )
    assert [code for code, _, _ in told(tmp_path, text)] == ["MX502", "MX502"]


@pytest.mark.parametrize("bound", ["kombu>=9; python_version < '3.8'", "kombu==5.4.0a1", "other>=9"])
def test_nothing_is_concluded_from_what_the_matrix_does_not_list(tmp_path: Path, bound: str) -> None:
    assert told(tmp_path, CLEAN.replace('"kombu>=5.3.4"', f'"{bound}"') + KOMBU) == []


def test_a_version_for_no_python_of_the_matrix_is_medium(tmp_path: Path) -> None:
    found = told(tmp_path, CLEAN.replace('requires_python = ">=3.8"', 'requires_python = ">=3.8,<3.11"'))
    assert found == [
        ("MX502", "medium", "celery 5.4.0 requires Python >=3.8,<3.11, and the matrix has none of those"),
        ("MX505", "low", "no listed celery admits Python 3.11"),
        ("MX506", "medium", "celery >=5.4,<5.5 names Python 3.11, which its Requires-Python forbids"),
    ]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ('"celery==5.4.0"', '"celery==5.4.9"', "it-breaks wants celery==5.4.9, which is not listed"),
        ('python = ">=3.11"', 'python = ">=3.14"', "it-breaks wants Python >=3.14, which is not listed"),
        ('"future<1.0"', '"kombu<5"', "it-breaks wants kombu<5, which is not listed"),
        ('"==7.0.5"', '">=8"', "the note on redis >=8 matches nothing that is listed"),
    ],
)
def test_a_note_that_can_never_fire_is_told(tmp_path: Path, old: str, new: str, expected: str) -> None:
    text = CLEAN + KOMBU + REDIS
    assert old in text
    ((code, severity, message),) = told(tmp_path, text.replace(old, new))
    assert (code, severity) == ("MX503", "low")
    assert message.startswith(f"{expected} (it says: it ")


def test_a_rule_on_a_server_is_not_looked_up_in_the_package_of_its_name(tmp_path: Path) -> None:
    text = CLEAN.replace('when.packages = ["celery==5.4.0", "future<1.0"]', 'when.services = ["redis==7.0.5"]')
    assert text != CLEAN
    assert told(tmp_path, text + KOMBU.replace("kombu", "redis") + REDIS) == []


def test_a_rule_about_a_name_that_is_nearly_a_listed_one_asks_whether_that_is_meant(tmp_path: Path) -> None:
    misspelt = CLEAN.replace('when.packages = ["celery==5.4.0"', 'when.packages = ["celrey==5.4.0"')
    message = "it-breaks is about celrey, which is not listed: did you mean `celery`?"
    assert told(tmp_path, misspelt) == [("MX503", "low", message)]


@pytest.mark.parametrize(
    ("where", "name", "said"),
    [
        ("when", "redis.maxmemory-policy", "did you mean `redis.maxmemory_policy`?"),
        ("when", "redis.maxmemroy_policy", "did you mean `redis.maxmemory_policy`?"),
        ("unless", "redis.maxmemory-policy", "did you mean `redis.maxmemory_policy`?"),
        ("when", "celery.pool", "those that are: redis.aof_enabled, "),
    ],
)
def test_a_rule_on_a_setting_that_is_never_seen_is_told_with_the_nearest_that_is(
    tmp_path: Path, where: str, name: str, said: str
) -> None:
    right = CLEAN.replace(
        "when.packages", f'{where}.settings."redis.maxmemory_policy" = ["allkeys-lru"]\nwhen.packages'
    )
    assert right != CLEAN
    assert told(tmp_path, right) == []
    (found,) = told(tmp_path, right.replace("redis.maxmemory_policy", name))
    assert found[:2] == ("MX503", "low")
    assert found[2].startswith(f"it-breaks is about the setting {name}, which is never seen: {said}")


def test_a_rule_on_pythons_older_than_those_listed_can_fire(tmp_path: Path) -> None:
    assert told(tmp_path, CLEAN.replace('python = ">=3.11"', 'python = "<3.8"')) == []


def test_a_note_on_a_withdrawn_version_or_beside_a_package_that_is_not_listed_can_fire(tmp_path: Path) -> None:
    text = CLEAN.replace("celery==5.4.0", "celery==5.4.1").replace("pythons = [", 'yanked = ["5.4.1"]\npythons = [')
    assert told(tmp_path, text) == []


TWICE = CLEAN[CLEAN.index("[[known_bad]]") :]


@pytest.mark.parametrize(
    ("added", "expected"),
    [
        (TWICE.replace("it-breaks", "again"), "again and it-breaks are about the same combinations"),
        (
            TWICE.replace("it-breaks", "again") + 'unless.packages = ["celery==5.4.0"]\n',
            "again can never fire: it wants and excludes the same package",
        ),
        (
            TWICE.replace("it-breaks", "again") + 'unless.packages = ["celery>=5"]\n',
            "again can never fire: it wants and excludes the same package",
        ),
        (
            TWICE.replace("it-breaks", "again").replace("==5.4.0", ">=5") + 'fixed_in = ["celery>=5.3"]\n',
            "again fires on celery 5.4.0, which it calls mended",
        ),
    ],
)
def test_rules_that_contradict_each_other_or_themselves_are_told_at_their_line(
    tmp_path: Path, added: str, expected: str
) -> None:
    text = CLEAN + "\n" + added
    line = text.count("\n", 0, text.index(added)) + 1
    (finding,) = lint(written(tmp_path, text), DAY)
    assert (finding.rule, finding.severity, finding.message) == ("MX506", Severity.MEDIUM, expected)
    assert str(finding.where) == f"small.toml:{line}"


def test_a_python_that_is_named_and_refused_is_told(tmp_path: Path) -> None:
    (finding,) = lint(written(tmp_path, CLEAN.replace('pythons = ["3.11"]', 'pythons = ["3.7", "3.11"]')), DAY)
    assert finding.rule == "MX506"
    assert finding.message == "celery >=5.4,<5.5 names Python 3.7, which its Requires-Python forbids"


def test_a_cure_that_is_not_listed_is_told(tmp_path: Path) -> None:
    (finding,) = lint(written(tmp_path, CLEAN + 'fixed_in = ["celery>=5.4.7"]\n'), DAY)
    assert finding.message == "it-breaks is mended in celery>=5.4.7, by its own words, which is not listed"


@pytest.mark.parametrize(("rung", "told_so"), [("resolved", False), ("imported", True), ("survived", True)])
def test_a_proof_of_what_a_rule_calls_broken_contradicts_it(tmp_path: Path, rung: str, told_so: bool) -> None:  # noqa: FBT001
    packages = ((canonicalize_name("celery"), Version("5.4.0")), (canonicalize_name("future"), Version("0.18.2")))
    proof = Proof(
        python="3.11",
        rung=Rung(rung),
        at=datetime(2026, 11, 22, 12, tzinfo=UTC),
        by="uv 0.13.9",
        platform="linux",
        packages=packages,
        record="sha256:" + "0" * 64,
    )
    (tmp_path / "small.proof.toml").write_text(text_of([proof]), encoding="utf-8")
    expected = "it-breaks fires on a combination on Python 3.11 that is proved up to `imported`".replace(
        "imported", rung
    )
    assert told(tmp_path, CLEAN) == ([("MX506", "medium", expected)] if told_so else [])


@pytest.mark.parametrize("which", ["python", "celery", "issue", "redis", "leak"])
def test_a_source_that_is_no_https_address_is_told(tmp_path: Path, which: str) -> None:
    found = told(tmp_path, (CLEAN + REDIS).replace(f"https://example.org/{which}", f"http://example.org/{which}"))
    assert [(code, severity) for code, severity, _ in found] == [("MX504", "low")]
    assert found[0][2].endswith(f"http://example.org/{which}")


def test_the_verdict_fails_from_medium_on(tmp_path: Path) -> None:
    (low,) = lint(written(tmp_path, CLEAN), DAY + timedelta(days=91))
    assert low.severity is Severity.LOW
    assert verdict_of([]) is Verdict.PASS
    assert verdict_of([low]) is Verdict.WARN
    broken = CLEAN.replace("kombu>=5.3.4", "kombu>=6") + KOMBU
    assert verdict_of(lint(written(tmp_path, broken), DAY)) is Verdict.FAIL


def test_a_matrix_without_a_python_is_told_once(tmp_path: Path) -> None:
    line = '"3.11" = { released = 2022-10-24, end_of_life = 2027-10-31 }'
    empty = CLEAN.replace(line, "").replace('when.python = ">=3.11"', "") + KOMBU
    assert told(tmp_path, empty) == [("MX505", "low", "the matrix lists no Python")]


def test_a_matrix_as_large_as_one_may_be_is_judged_in_seconds(tmp_path: Path) -> None:
    range_ = (
        'versions = ">={0},<{1}"\nreleases = {{ "{0}.0" = 2020-01-01 }}\nrequires_python = ">=3.8"\npythons = ["3.11"]'
    )
    head = CLEAN.partition("[package.celery]")[0]
    for name, other in (("one", "two"), ("two", "one")):
        head += f'[package.{name}]\nrole = "r"\nrequired = true\nsource = "https://example.org/{name}"\n'
        for at in range(2500):
            head += f'[[package.{name}.range]]\n{range_.format(at, at + 1)}\nrequires = ["{other}>=2499"]\n'
    matrix = written(tmp_path, head)
    started = time.monotonic()
    assert lint(matrix, DAY) == ()
    # Under a second where the first that is tried will do; longer than this by far where the newest come last.
    assert time.monotonic() - started < 10


def test_no_code_is_also_a_rule_of_the_audit() -> None:
    codes = [each.code for each in LINTS]
    assert len(set(codes)) == len(codes)
    assert not {each.code for each in sockets.rules()} & set(codes)


def test_every_finding_says_where_why_and_what_to_do(tmp_path: Path) -> None:
    broken = CLEAN.replace("kombu>=5.3.4", "kombu>=6").replace("==5.4.0", "==9").replace("https:", "http:") + KOMBU
    found = lint(written(tmp_path, broken), DAY + timedelta(days=91))
    assert {each.rule for each in found} == {"MX501", "MX502", "MX503", "MX504"}
    assert all(each.why and each.fix and str(each.where).startswith("small.toml") for each in found)
