"""The package index as it is asked for real: a loopback one with faults, and the one that pip is configured with here."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from index_service import IndexService, serving, wheel
from stackaudit.audit import gather, judge
from stackaudit.checks import releases
from stackaudit.gate.verdict import decide
from stackaudit.model.audit import Case, Judgment, Policy
from stackaudit.model.deadline import Deadline
from stackaudit.model.facts.published import Release
from stackaudit.model.findings import Verdict
from stackaudit.model.manifest import Manifest, Requirement, Setting
from stackaudit.model.places import Place
from stackaudit.model.snapshot import Look, Snapshot, Unseen
from stackaudit.model.wire import encode
from stackaudit.outside.index_settings import configuration, index_settings
from stackaudit.probes.index import PROBE

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
CELERY = [
    wheel("celery", "5.4.0", "2024-04-17T20:29:39.406285Z"),
    wheel("celery", "5.2.5", "2022-04-03T17:45:15Z", yanked="a regression"),
    wheel("celery", "5.2.7", "2022-05-29T12:00:00Z", **{"requires-python": ">=3.7"}),
]
# No proxy or configuration of this machine's may answer for the loopback index.
CLEAN = {
    "PIP_CONFIG_FILE": os.devnull,
    "PIP_EXTRA_INDEX_URL": "",
    "PIP_PROXY": "",
    "http_proxy": "http://127.0.0.1:9",
    "HTTP_PROXY": "http://127.0.0.1:9",
}


def look_up(pins: Sequence[str], *, seconds: float = 60, day: str | None = None) -> Snapshot:
    """What the probe, in its own process, sees of `name==version` pins."""
    requirements = tuple(
        Requirement(
            name=canonicalize_name(name),
            specifier=SpecifierSet(f"=={version}"),
            pin=Version(version),
            where=Place(path="requirements.txt", line=line),
        )
        for line, (name, _, version) in enumerate((pin.partition("==") for pin in pins), 1)
    )
    settings = (
        Setting(name="python_version", value="3.11", where=Place(path="option --python-version")),
        Setting(name="exclude_newer", value=day, where=Place(path="option --exclude-newer")),
    )
    return gather(Manifest(requirements=requirements, settings=settings), [PROBE], Deadline(seconds), NOW)


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in CLEAN.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def asked(
    environment: pytest.MonkeyPatch,
    projects: Mapping[str, list[dict[str, Any]] | str],
    pins: Sequence[str],
    **service: Any,
) -> tuple[Snapshot, IndexService]:
    with serving(IndexService(projects=projects, **service)) as served:
        environment.setenv("PIP_INDEX_URL", served.url)
        return look_up(pins), served


def facts(snapshot: Snapshot) -> dict[str, Release]:
    return {each.subject: each for each in snapshot.facts(Release)}


def unseen(snapshot: Snapshot) -> dict[str, Unseen]:
    return {look.unseen.subject: look.unseen for look in snapshot.looks if look.unseen is not None}


def verdict(snapshot: Snapshot, pins: Sequence[str]) -> Judgment:
    requirements = tuple(
        Requirement(
            name=canonicalize_name(pin.partition("==")[0]),
            specifier=SpecifierSet(f"=={pin.partition('==')[2]}"),
            pin=Version(pin.partition("==")[2]),
            where=Place(path="requirements.txt", line=1),
        )
        for pin in pins
    )
    case = Case(manifest=Manifest(requirements=requirements), snapshot=snapshot, matrix=None, today=NOW.date())
    (judgment,) = decide(judge(case, [releases.CHECK]), Policy())
    return judgment


def test_a_json_index_tells_versions_dates_and_withdrawals(environment: pytest.MonkeyPatch) -> None:
    seen, _ = asked(environment, {"celery": CELERY}, ["celery==5.4.0", "celery==5.2.5", "celery==9.9"])
    assert unseen(seen) == {}
    found = facts(seen)
    assert found["celery==5.4.0"].uploaded_at == datetime(2024, 4, 17, 20, 29, 39, 406285, tzinfo=UTC)
    assert (found["celery==5.2.5"].yanked, found["celery==5.2.5"].yanked_reason) == (True, "a regression")
    assert found["celery==5.2.5"].newest_in_series == "5.2.7"
    assert not found["celery==9.9"].exists
    (look,) = seen.looks
    assert look.evidence.tool_version == "PEP 691 1.1"
    assert dict(look.measured)["package index"] > 0


def test_an_html_index_tells_versions_and_withdrawals_and_no_dates(environment: pytest.MonkeyPatch) -> None:
    seen, _ = asked(environment, {"celery": CELERY}, ["celery==5.4.0", "celery==5.2.5"], html_only=True)
    found = facts(seen)
    assert (found["celery==5.4.0"].exists, found["celery==5.4.0"].uploaded_at) == (True, None)
    assert (found["celery==5.2.5"].yanked, found["celery==5.2.5"].yanked_reason) == (True, "a regression")
    assert seen.looks[0].evidence.tool_version == "HTML"


def test_a_day_in_the_past_hides_what_came_later(environment: pytest.MonkeyPatch) -> None:
    with serving(IndexService(projects={"celery": CELERY})) as served:
        environment.setenv("PIP_INDEX_URL", served.url)
        found = facts(look_up(["celery==5.4.0"], day="2023-01-01"))
    assert (found["celery==5.4.0"].exists, found["celery==5.4.0"].newest) == (False, "5.2.7")


def test_a_project_that_the_index_does_not_know_is_told_beside_the_others(environment: pytest.MonkeyPatch) -> None:
    pins = ["celery==5.4.0", "inhouse==1.0"]
    seen, _ = asked(environment, {"celery": CELERY}, pins)
    assert not facts(seen)["inhouse==1.0"].known
    assert verdict(seen, pins).verdict is Verdict.WARN


def test_an_index_that_knows_nothing_never_passes(environment: pytest.MonkeyPatch) -> None:
    pins = ["celery==5.4.0", "kombu==5.3.4"]
    seen, _ = asked(environment, {}, pins)
    assert "knows none of the 2 packages" in unseen(seen)[""].cause
    assert verdict(seen, pins).verdict is Verdict.UNKNOWN


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("error-page", "without a single file"),
        ("not-json", "says that it is JSON, and is not"),
        ("other-json", "not that of a package index"),
        ("other-project", "another project"),
        ("text", "neither JSON nor HTML"),
        ("hang-up", "the connection broke off"),
        ("cut", "the connection broke off"),
        ("circle", "redirects too often"),
        ("unavailable", "HTTP 503"),
    ],
)
def test_no_fault_ends_in_a_pass(environment: pytest.MonkeyPatch, fault: str, words: str) -> None:
    pins = ["celery==5.4.0"]
    seen, served = asked(environment, {"celery": fault}, pins)
    assert words in unseen(seen)[""].cause
    assert verdict(seen, pins).verdict is Verdict.UNKNOWN
    assert served.url.rpartition(":")[2].partition("/")[0] not in unseen(seen)[""].cause


def test_a_fault_of_one_project_leaves_the_others_seen(environment: pytest.MonkeyPatch) -> None:
    pins = ["celery==5.4.0", "kombu==5.3.4"]
    seen, _ = asked(environment, {"celery": CELERY, "kombu": "unavailable"}, pins)
    assert list(facts(seen)) == ["celery==5.4.0"]
    assert list(unseen(seen)) == ["kombu==5.3.4"]
    assert verdict(seen, pins).verdict is Verdict.UNKNOWN


def test_what_can_pass_is_asked_once_more_and_nothing_else_is(environment: pytest.MonkeyPatch) -> None:
    faults: dict[str, list[dict[str, Any]] | str] = {"kombu": "hang-up-once", "celery": "unavailable", "vine": "text"}
    seen, served = asked(environment, faults, ["kombu==1.0", "celery==1", "vine==1"])
    assert facts(seen)["kombu==1.0"].exists
    assert [served.asked.count(each) for each in ("kombu", "celery", "vine")] == [2, 2, 1]


def test_a_dripping_index_keeps_nobody_waiting_and_hides_no_other_answer(environment: pytest.MonkeyPatch) -> None:
    pins = ["celery==5.4.0", "kombu==5.3.4"]
    with serving(IndexService(projects={"celery": CELERY, "kombu": "drip"})) as served:
        environment.setenv("PIP_INDEX_URL", served.url)
        started = datetime.now(UTC)
        seen = look_up(pins, seconds=7)
        took = (datetime.now(UTC) - started).total_seconds()
    assert took < 8
    assert list(facts(seen)) == ["celery==5.4.0"]
    assert unseen(seen)["kombu==5.3.4"].cause == "the package index could not be asked: no answer came in time"


def test_an_index_that_refuses_connections_is_told_once(environment: pytest.MonkeyPatch) -> None:
    with serving(IndexService(projects={})) as served:
        environment.setenv("PIP_INDEX_URL", served.url)
    pins = [f"package{number}==1.0" for number in range(40)]
    seen = look_up(pins)
    assert [(each, told.cause) for each, told in unseen(seen).items()] == [
        ("", "the package index could not be asked: it refused the connection")
    ]


def test_an_address_that_is_none_is_told(environment: pytest.MonkeyPatch) -> None:
    environment.setenv("PIP_INDEX_URL", "file:///nowhere/simple")
    assert unseen(look_up(["celery==5.4.0"]))[""].cause == "pip is configured with no web index"


def test_the_login_in_the_address_is_used_and_never_told(environment: pytest.MonkeyPatch) -> None:
    with serving(IndexService(projects={"celery": CELERY}, login=("ann", "p@ss/word"))) as served:
        address = served.url.replace("://", "://ann:p%40ss%2Fword@")
        environment.setenv("PIP_INDEX_URL", address)
        seen = look_up(["celery==5.4.0"])
        environment.setenv("PIP_INDEX_URL", served.url.replace("://", "://ann:wr0ng@"))
        refused = look_up(["celery==5.4.0"])
    assert list(facts(seen)) == ["celery==5.4.0"]
    assert "HTTP 401" in unseen(refused)[""].cause
    for text in (repr(seen), str(encode(seen)), repr(refused), str(encode(refused))):
        assert not any(secret in text for secret in ("p%40ss", "p@ss", "wr0ng", "ann"))


def test_a_second_index_answers_for_what_the_first_does_not_know(environment: pytest.MonkeyPatch) -> None:
    with (
        serving(IndexService(projects={"celery": CELERY})) as first,
        serving(
            IndexService(projects={"inhouse": [wheel("inhouse", "1.0")], "celery": [wheel("celery", "1")]})
        ) as more,
    ):
        environment.setenv("PIP_INDEX_URL", first.url)
        environment.setenv("PIP_EXTRA_INDEX_URL", f"file:///nowhere {more.url}/")
        found = facts(look_up(["celery==5.4.0", "inhouse==1.0"]))
    assert found["celery==5.4.0"].exists
    assert found["inhouse==1.0"].exists
    assert more.asked == ["inhouse"]


def test_many_packages_are_asked_over_few_connections(environment: pytest.MonkeyPatch) -> None:
    names = [f"package{number}" for number in range(200)]
    projects: dict[str, list[dict[str, Any]] | str] = {
        each: [wheel(each, "1.0", "2024-01-01T00:00:00Z")] for each in names
    }
    seen, served = asked(environment, projects, [f"{each}==1.0" for each in names], latency=0.05)
    assert len(facts(seen)) == 200
    assert sorted(served.asked) == sorted(names)
    assert served.accepted <= 16
    # One after the other, the latency alone is 10 s.
    assert dict(seen.looks[0].measured)["package index"] < 8


CONFIGURED = """
[global]
index-url = https://ann:s3cret@one.example/simple
cert = ~/authority.pem
timeout = 60

[install]
no_index = false
extra-index-url =
    https://two.example/simple
    https://three.example/simple
"""


OVERRIDING = "[global]\nindex-url = https://four.example/simple\nproxy = http://proxy.example:3128\n[install]\nextra-index-url =\n"
# The parser of `pip install`, filled from its configuration as pip fills it; `pip config list` prints the files in no order of theirs.
ASK_PIP = """
import json
from pip._internal.commands import create_command
values, _ = create_command("install").parser.parse_args([])
print(json.dumps([[values.index_url, *values.extra_index_urls], values.cert, values.proxy or None]))
"""


def test_pips_configuration_is_read_as_pip_reads_it(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in [each for each in os.environ if each.startswith(("PIP_", "XDG_"))]:
        environment.delenv(name)
    environment.setenv("HOME", str(tmp_path))
    steps: list[tuple[str, str, dict[str, str]]] = [
        (".config/pip/pip.conf", CONFIGURED, {}),
        (".pip/pip.conf", OVERRIDING, {}),
        ("all/pip/pip.conf", OVERRIDING, {"XDG_CONFIG_DIRS": f"{tmp_path}/none:{tmp_path}/all"}),
        ("own/pip/pip.conf", CONFIGURED, {"XDG_CONFIG_HOME": f"{tmp_path}/own"}),
        ("named.conf", OVERRIDING, {"PIP_CONFIG_FILE": f"{tmp_path}/named.conf", "PIP_EXTRA_INDEX_URL": "https://x/y"}),
        ("named.conf", CONFIGURED, {"PIP_INDEX_URL": "", "PIP_CERT": "/env.pem", "PIP_PROXY": "http://p.example:1"}),
        ("nothing", "", {"PIP_CONFIG_FILE": os.devnull}),
    ]
    told: list[str] = []
    for path, text, more in steps:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
        for name, value in more.items():
            environment.setenv(name, value)
        told.append(
            subprocess.run([sys.executable, "-P", "-c", ASK_PIP], capture_output=True, text=True, check=True).stdout
        )
        urls, certificates, proxy = json.loads(told[-1])
        settings = index_settings(sys.prefix)
        assert [each.reveal() for each in settings.urls] == [each.rstrip("/") for each in urls], path
        assert settings.certificates == certificates
        assert (settings.proxy.reveal() if settings.proxy else None) == proxy
    assert len(set(told)) >= 4, "the steps differ"


def test_the_audited_environments_own_configuration_counts(tmp_path: Path) -> None:
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = https://site.example/simple\n")
    surroundings = {"HOME": str(tmp_path / "nobody"), "XDG_CONFIG_DIRS": str(tmp_path)}
    assert configuration(str(tmp_path), surroundings)["global.index-url"] == "https://site.example/simple"


def test_a_configuration_that_pip_can_not_read_is_no_reason_to_ask_another_index(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    broken = tmp_path / "pip.conf"
    broken.write_text("index-url = https://ann:s3cret@one.example/simple")
    environment.setenv("PIP_CONFIG_FILE", str(broken))
    seen = look_up(["celery==5.4.0"])
    assert unseen(seen)[""].cause == f"pip's configuration file {broken} can't be read"
    assert "s3cret" not in str(encode(seen))


@pytest.mark.parametrize("authorities", ["missing.pem", "junk.pem"])
def test_authorities_that_can_not_be_read_are_told(
    environment: pytest.MonkeyPatch, tmp_path: Path, authorities: str
) -> None:
    (tmp_path / "junk.pem").write_text("no certificate")
    environment.setenv("PIP_CERT", str(tmp_path / authorities))
    environment.setenv("PIP_INDEX_URL", "https://127.0.0.1:9/simple")
    assert "file of certificate authorities can't be read" in unseen(look_up(["celery==5.4.0"]))[""].cause


def test_no_index_is_asked_where_pip_may_ask_none(environment: pytest.MonkeyPatch) -> None:
    with serving(IndexService(projects={"celery": CELERY})) as served:
        environment.setenv("PIP_INDEX_URL", served.url)
        environment.setenv("PIP_NO_INDEX", "1")
        assert unseen(look_up(["celery==5.4.0"]))[""].cause == "pip is configured with no web index"
    assert served.asked == []


def first(snapshot: Snapshot) -> Look:
    return snapshot.looks[0]


def test_the_index_that_pip_uses_here_knows_celery() -> None:
    seen = look_up(["celery==5.4.0", "celery==5.2.5"])
    if not facts(seen):
        sentence = f"the package index that pip is configured with here can't be asked: {first(seen).unseen}"
        if os.environ.get("STACKAUDIT_REQUIRE_TOOLS") == "1":
            pytest.fail(sentence)
        pytest.skip(sentence)
    celery = facts(seen)["celery==5.4.0"]
    assert celery.exists
    assert not celery.yanked
    assert celery.newest_in_series == "5.4.0"
    if celery.uploaded_at is not None:
        assert celery.uploaded_at.date().isoformat() == "2024-04-17"
    assert facts(seen)["celery==5.2.5"].exists
    if first(seen).evidence.tool_version != "HTML":
        assert facts(seen)["celery==5.2.5"].yanked
