"""The check `redis` as a user runs it: a bad server, a hardened one, and the user that `explain` asks for."""

import json
import re
from pathlib import Path
from typing import Any

from command import Run
from servers import redis_server

HARDENED = ("--maxmemory", "64mb", "--maxmemory-policy", "noeviction", "--appendonly", "yes")
BAD = ("--maxmemory", "4mb", "--maxmemory-policy", "allkeys-lru", "--save", "", "--timeout", "3600")
# 192.0.2.1 is nobody's: with a minus the server comes up without it.
OPEN = ("--protected-mode", "no", "--bind", "127.0.0.1", "-192.0.2.1")
OF_THE_VERSION = {"RD106", "RD110"}
"""What these say hangs on the server that this machine happens to have."""


def ask(stackaudit: Run, folder: Path, url: str, *options: str) -> tuple[int, dict[str, Any], str]:
    """Exit status, record and text of one audit of the broker at `url`; the text is told from the record."""
    (folder / "requirements.txt").write_text("celery==5.4.0\n", encoding="utf-8")
    asked = ("check", "-r", "requirements.txt", "--only", "redis", "--broker-url", url, "-o", "record.json", *options)
    done = stackaudit(*asked)
    record: dict[str, Any] = json.loads((folder / "record.json").read_text(encoding="utf-8"))
    return done.returncode, record, done.stderr + stackaudit("check", "--from", "record.json", "--only", "redis").stdout


def failed(record: dict[str, Any]) -> dict[str, str]:
    """The severity of each rule that failed, without those about the server's version."""
    found = [each for check in record["checks"] for each in check["findings"] if each["outcome"] == "fail"]
    return {each["rule"]: each["severity"] for each in found if each["rule"] not in OF_THE_VERSION}


def test_each_fault_of_a_bad_server_is_told_once_with_its_cure_and_source(folder: Path, stackaudit: Run) -> None:
    with redis_server(folder / "redis", *BAD, *OPEN) as server:
        status, record, text = ask(stackaudit, folder, server.url())
    assert status == 1
    faults = failed(record)
    assert faults == {"RD111": "high", "RD113": "low", "RD114": "medium", "RD116": "medium", "RD118": "low"}
    assert [text.count(f"[{code}]") for code in faults] == [1, 0, 1, 1, 1], (
        "RD113 is told with RD114: the same open door"
    )
    assert "also: RD113" in text
    told = [each for check in record["checks"] for each in check["findings"] if each["rule"] in faults]
    assert all(each["fix"] and each["source"].startswith("https://redis.io/") for each in told)
    assert re.search(r"ping p50 [\d.]+ ms, p99 [\d.]+ ms", text)
    assert not re.search(r"p50|p99", json.dumps(record["checks"])), "what was measured is no part of the digest"
    assert any(name.endswith("ping p99") for name in record["measured"]["latencies"])


def test_a_hardened_server_is_told_nothing(folder: Path, stackaudit: Run) -> None:
    with redis_server(folder / "redis", *HARDENED, password="s3cret") as server:
        status, record, text = ask(stackaudit, folder, server.url(user=":s3cret@"), "--fail-on", "critical")
    assert (status, failed(record)) == (0, {})
    assert "s3cret" not in text + json.dumps(record)


def test_two_audits_of_one_server_have_one_digest(folder: Path, stackaudit: Run) -> None:
    with redis_server(folder / "redis", *BAD) as server:
        first, second = (ask(stackaudit, folder, server.url())[1] for _ in range(2))
    assert first["digest"] == second["digest"]


def test_the_user_that_explain_asks_for_can_be_shown_all_that_the_rule_needs(folder: Path, stackaudit: Run) -> None:
    explained = stackaudit("explain", "RD116").stdout
    (words,) = re.findall(r"asks for: +(ACL SETUSER .*) \(", explained)
    with redis_server(folder / "redis", "--save", "") as server:
        with server.client() as client:
            client.execute_command(*words.replace("NAME", "auditor").replace("PASSWORD", "pw").split())
        _, record, _ = ask(stackaudit, folder, server.url(user="auditor:pw@"))
    assert failed(record)["RD116"] == "medium"


def test_a_server_that_says_nothing_costs_the_deadline_and_no_more(folder: Path, stackaudit: Run) -> None:
    with redis_server(folder / "redis", "--save", "") as server, server.stopped():
        status, record, _ = ask(stackaudit, folder, server.url(), "--timeout", "2")
    assert status == 3
    assert record["measured"]["durations"]["audit"] <= 2.5
