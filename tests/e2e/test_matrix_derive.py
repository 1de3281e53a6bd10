"""`stackaudit matrix derive`, from outside: what it writes, tells and refuses, against a loopback index with faults."""

import hashlib
import os
import shutil
import subprocess
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from command import Run
from distributions import listed, metadata, source_of, wheel_of
from index_service import IndexService, serving
from stackaudit.outside.metadata_archives import MOST_METADATA

MATRIX = """
schema = "stackaudit/matrix/1"
name = "mine"
title = "Mine"
version = "1"
looked_at = 2026-11-22

[python]
source = "https://devguide.python.org/versions/"
[python.branches]
"3.11" = {}

[package.celery]
role = "task queue"
source = "https://docs.celeryq.dev/"
required = true
extras = ["redis"]
versions = ">=5.3"

[package.kombu]
role = "messaging library"
source = "https://github.com/celery/kombu"
required = false
versions = ">=5.3"
"""
CELERY_EXTRA = ("Provides-Extra: redis", "Requires-Dist: kombu[redis]; extra == 'redis'")
KOMBU_EXTRA = ("Provides-Extra: redis", "Requires-Dist: redis>=4.5.2; extra == 'redis'")

Derive = Callable[..., subprocess.CompletedProcess[str]]


class Index(IndexService):
    """An index that grows, release by release."""

    def __init__(self, **more: Any) -> None:
        self.pages: dict[str, list[dict[str, Any]] | str] = {}
        self.files: dict[str, bytes | str] = {}
        super().__init__(projects=self.pages, contents=self.files, **more)

    def add(
        self, filename: str, content: bytes, uploaded: str = "2024-01-01T12:00:00.5Z", **more: Any
    ) -> dict[str, Any]:
        """A file of the project that its name begins with."""
        entry = listed(filename, content, uploaded, **more)
        project = self.pages.setdefault(filename.partition("-")[0], [])
        assert isinstance(project, list)
        project.append(entry)
        self.files[filename] = content
        return entry

    def release(self, name: str, version: str, *lines: str, **more: Any) -> dict[str, Any]:
        """A wheel with that metadata."""
        content = wheel_of(name, version, metadata(name, version, *lines))
        return self.add(f"{name}-{version}-py3-none-any.whl", content, **more)


@pytest.fixture
def index() -> Index:
    """Two packages with two releases each."""
    made = Index()
    made.release("celery", "5.4.0", "Requires-Dist: kombu>=5.3", *CELERY_EXTRA)
    made.release("celery", "5.3.0", "Requires-Dist: kombu>=5.3", *CELERY_EXTRA)
    made.release("celery", "5.2.0")
    made.release("celery", "5.5.0rc1")
    made.release("kombu", "5.3.0", "Requires-Python: >=3.8", *KOMBU_EXTRA)
    made.release("kombu", "5.3.1", "Requires-Python: >=3.8", *KOMBU_EXTRA, yanked="broken")
    return made


@pytest.fixture
def own(folder: Path) -> Path:
    """The user's own matrix."""
    path = folder / "mine.toml"
    path.write_text(MATRIX, encoding="utf-8")
    return path


@pytest.fixture
def derive(stackaudit: Run, own: Path) -> Derive:
    """Run `matrix derive` on it against an index."""

    def run(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        pip = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": url, "PIP_EXTRA_INDEX_URL": "", "PIP_PROXY": ""}
        return stackaudit("matrix", "derive", own.name, *arguments, env=pip)

    return run


def written(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "mine.published.toml").read_text(encoding="utf-8"))


def ranges(folder: Path, name: str) -> list[Mapping[str, Any]]:
    found: list[Mapping[str, Any]] = written(folder)["package"][name]["range"]
    return found


def test_what_is_written_is_named_as_the_user_finds_it(index: Index, own: Path, folder: Path, stackaudit: Run) -> None:
    (folder / "matrices").mkdir()
    own.rename(folder / "matrices" / "mine.toml")
    with serving(index) as served:
        pip = {"PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": served.url, "PIP_EXTRA_INDEX_URL": "", "PIP_PROXY": ""}
        first = stackaudit("check", "--matrix", "mine", "-r", os.devnull, env=pip)
        done = stackaudit("matrix", "derive", "mine", env=pip)
    assert first.stderr.endswith("run `stackaudit matrix derive mine`\n")
    assert done.stderr.endswith("wrote matrices/mine.published.toml\n")


def test_what_releases_publish_is_written_beside_the_matrix_and_told(
    derive: Derive, index: Index, folder: Path, stackaudit: Run
) -> None:
    with serving(index) as served:
        done = derive(served.url)
    assert done.returncode == 0, done.stderr
    assert "mine: 2 packages, 4 releases in 2 ranges at " in done.stdout
    assert done.stdout.endswith("not derived before\n\ncelery: new, 2 releases\nkombu: new, 2 releases\n")
    assert done.stderr.endswith("wrote mine.published.toml\n")
    (celery,) = ranges(folder, "celery")
    assert (celery["versions"], celery["requires"]) == (">=5.3.0,<5.5", ["kombu>=5.3"])
    assert {version: str(day) for version, day in celery["releases"].items()} == {
        "5.3.0": "2024-01-01",
        "5.4.0": "2024-01-01",
    }
    assert celery["extras"] == {"redis": ["kombu[redis]"]}
    (kombu,) = ranges(folder, "kombu")
    assert (kombu["requires_python"], kombu["yanked"], list(kombu["releases"])) == (">=3.8", ["5.3.1"], ["5.3.0"])
    assert kombu["extras"] == {"redis": ["redis>=4.5.2"]}, "celery's extra pulls it in"
    assert stackaudit("matrix", "show", "mine.toml").returncode == 0
    assert sorted(each.name for each in folder.iterdir()) == [".git", "mine.published.toml", "mine.toml"]


def test_where_nothing_changed_that_is_said_and_nothing_is_written(derive: Derive, index: Index, folder: Path) -> None:
    with serving(index) as served:
        derive(served.url)
        before = (folder / "mine.published.toml").stat()
        again = derive(served.url, "-q")
    assert (again.returncode, again.stderr) == (0, "")
    assert "; nothing changed since 20" in again.stdout
    after = (folder / "mine.published.toml").stat()
    assert (after.st_mtime_ns, after.st_ino) == (before.st_mtime_ns, before.st_ino)


def test_what_changed_is_told_and_written(derive: Derive, index: Index, folder: Path) -> None:
    with serving(index) as served:
        derive(served.url)
        index.release("kombu", "5.3.2", "Requires-Python: >=3.9")
        files = index.pages["kombu"]
        assert isinstance(files, list)
        files[0]["yanked"] = True
        done = derive(served.url)
    assert done.returncode == 0
    assert done.stdout.endswith("kombu\n  + 5.3.2, 2024-01-01\n  5.3.0: yanked, before released 2024-01-01\n")
    assert [each["versions"] for each in ranges(folder, "kombu")] == [">=5.3.0,<5.3.2", ">=5.3.2,<5.4"]


def test_a_check_writes_nothing_and_fails_where_the_file_is_another(derive: Derive, index: Index, folder: Path) -> None:
    path = folder / "mine.published.toml"
    with serving(index) as served:
        assert derive(served.url, "--check").returncode == 2
        derive(served.url)
        same = derive(served.url, "--check")
        # Uploaded after the recorded moment: it was not there yet.
        index.release("kombu", "5.9.0", uploaded="2999-01-01T00:00:00Z")
        later = derive(served.url, "--check")
        text = path.read_text(encoding="utf-8")
        path.write_text(text.replace("redis>=4.5.2", "redis>=4"), encoding="utf-8")
        changed = derive(served.url, "--check")
        kept = path.read_text(encoding="utf-8")
        path.write_text(f"{text}\n", encoding="utf-8")
        otherwise = derive(served.url, "--check")
    assert (same.returncode, later.returncode) == (0, 0)
    assert changed.returncode == 1
    assert changed.stdout.endswith("    + extra redis requires redis>=4.5.2\n    - extra redis requires redis>=4\n")
    assert kept == text.replace("redis>=4.5.2", "redis>=4")
    assert otherwise.returncode == 1
    assert otherwise.stdout.endswith("nothing but the way in which it is written\n")


def test_a_moment_in_the_past_shows_the_index_as_it_was(derive: Derive, index: Index, folder: Path) -> None:
    index.release("celery", "5.5.0", uploaded="2025-02-01T00:00:00Z")
    with serving(index) as served:
        done = derive(served.url, "--exclude-newer", "2025-01-31")
    assert done.returncode == 0, done.stderr
    assert written(folder)["exclude_newer"].isoformat() == "2025-01-31T23:59:59+00:00"
    assert [each["versions"] for each in ranges(folder, "celery")] == [">=5.3.0,<5.5"]


def test_metadata_beside_a_wheel_are_taken_and_the_wheel_is_left_alone(
    derive: Derive, index: Index, folder: Path
) -> None:
    content = metadata("kombu", "5.4.0", "Requires-Dist: vine")
    entry = index.release("kombu", "5.4.0", "Requires-Dist: another")
    entry["core-metadata"] = {"sha256": hashlib.sha256(content).hexdigest()}
    index.files[f"{entry['filename']}.metadata"] = content
    promised = index.release("kombu", "5.5.0", "Requires-Dist: amqp")
    promised["core-metadata"] = True
    with serving(index) as served:
        assert derive(served.url).returncode == 0
    assert [each.get("requires") for each in ranges(folder, "kombu")] == [None, ["vine"], ["amqp"]]
    assert entry["filename"] not in served.asked
    assert {promised["filename"], f"{promised['filename']}.metadata"} <= set(served.asked), "promised, and not there"


BOMB = wheel_of("kombu", "5.3.1", bytes(MOST_METADATA * 20))
OLD_SOURCE = source_of("kombu", "5.3.1", metadata("kombu", "5.3.1"))


@pytest.mark.parametrize(
    ("filename", "content", "told"),
    [
        ("kombu-5.3.1-py3-none-any.whl", b"no wheel", "kombu-5.3.1-py3-none-any.whl is broken"),
        (
            "kombu-5.3.1-py3-none-any.whl",
            BOMB,
            "kombu-5.3.1-py3-none-any.whl holds metadata that are too long to be any",
        ),
        ("kombu-5.3.1.tar.gz", OLD_SOURCE, "its metadata are those of a source archive, in a form that does not say"),
        ("kombu-5.3.1.zip", b"", "it has neither a wheel nor a source archive that can be read without building it"),
    ],
)
def test_a_release_that_nobody_can_read_is_told_and_in_no_range(
    derive: Derive, index: Index, folder: Path, filename: str, content: bytes, told: str
) -> None:
    index.pages["kombu"] = []
    for version in ("5.3.0", "5.3.2"):
        index.release("kombu", version)
    index.add(filename, content)
    with serving(index) as served:
        done = derive(served.url)
    assert done.returncode == 0, done.stderr
    assert f"note: kombu 5.3.1 is left out: {told}" in done.stderr
    assert [each["versions"] for each in ranges(folder, "kombu")] == [">=5.3.0,<5.3.1", ">=5.3.2,<5.4"]


def test_a_source_archive_that_promises_its_metadata_is_read(derive: Derive, index: Index, folder: Path) -> None:
    content = metadata("kombu", "5.4.0", "Requires-Dist: vine", form="2.2")
    index.add("kombu-5.4.0.tar.gz", source_of("kombu", "5.4.0", content))
    with serving(index) as served:
        assert derive(served.url).returncode == 0
    assert ranges(folder, "kombu")[-1]["requires"] == ["vine"]


def gone(index: Index) -> None:
    del index.pages["kombu"]


def unavailable(index: Index) -> None:
    index.pages["kombu"] = "unavailable"


def html(index: Index) -> None:
    index.html_only = True


def file_gone(index: Index) -> None:
    del index.files["kombu-5.3.0-py3-none-any.whl"]


def file_cut(index: Index) -> None:
    index.files["kombu-5.3.0-py3-none-any.whl"] = "cut"


def file_changed(index: Index) -> None:
    index.files["kombu-5.3.0-py3-none-any.whl"] = wheel_of(
        "kombu", "5.3.0", metadata("kombu", "5.3.0"), more=[("x", b"y")]
    )


def metadata_changed(index: Index) -> None:
    entry = index.release("kombu", "5.4.0")
    entry["core-metadata"] = {"sha256": "0" * 64}
    index.files[f"{entry['filename']}.metadata"] = metadata("kombu", "5.4.0")


def nothing_final(index: Index) -> None:
    index.pages["kombu"] = []
    index.release("kombu", "6.0.0rc1")


@pytest.mark.parametrize(
    ("harm", "told"),
    [
        (gone, "kombu: the package index at http://127.0.0.1"),
        (unavailable, "kombu: the package index answered with an error (HTTP 503)"),
        (html, "the package index tells no upload times"),
        (
            file_gone,
            "kombu-5.3.0-py3-none-any.whl is listed by the package index, which does not hand it out (HTTP 404)",
        ),
        (
            file_cut,
            "kombu-5.3.0-py3-none-any.whl could not be fetched from the package index: the connection broke off",
        ),
        (
            file_changed,
            "kombu-5.3.0-py3-none-any.whl is not the file that the package index lists: its SHA-256 is another",
        ),
        (metadata_changed, "kombu-5.4.0-py3-none-any.whl.metadata is not the file that the package index lists"),
        (nothing_final, "kombu: no final release of it in `>=5.3` can be read"),
    ],
)
def test_half_an_index_ends_in_unknown_and_the_file_stays_as_it_was(
    derive: Derive, index: Index, folder: Path, harm: Callable[[Index], None], told: str
) -> None:
    with serving(index) as served:
        derive(served.url)
        before = (folder / "mine.published.toml").read_bytes()
        harm(index)
        index.release("celery", "5.6.0")
        done = derive(served.url, "-q")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr.startswith("error: ")
    assert told in done.stderr
    assert "the file is as it was" in done.stderr
    assert "  = fix:  " in done.stderr
    assert (folder / "mine.published.toml").read_bytes() == before


def test_an_index_that_can_not_be_reached_ends_in_unknown_and_writes_nothing(
    derive: Derive, index: Index, folder: Path
) -> None:
    with serving(index) as served:
        url = served.url
    done = derive(url)
    assert done.returncode == 3
    assert "it refused the connection" in done.stderr
    assert not (folder / "mine.published.toml").exists()


def test_an_index_that_drips_is_waited_for_no_longer_than_is_allowed(
    derive: Derive, index: Index, folder: Path
) -> None:
    index.files["kombu-5.3.0-py3-none-any.whl"] = "drip"
    with serving(index) as served:
        done = derive(served.url, "--timeout", "4")
    assert done.returncode == 3
    assert (
        "kombu-5.3.0-py3-none-any.whl could not be fetched from the package index: no answer came in time"
        in done.stderr
    )
    assert not (folder / "mine.published.toml").exists()


def test_what_an_index_calls_its_files_moves_no_terminal(derive: Derive, index: Index) -> None:
    entry = index.add("kombu-5.4.0-\x1b[31m-none-any.whl", b"no wheel", url="../../files/odd.whl")
    index.files["odd.whl"] = index.files[entry["filename"]]
    with serving(index) as served:
        done = derive(served.url)
    assert done.returncode == 0
    assert "kombu-5.4.0-?[31m-none-any.whl is broken" in done.stderr


def test_the_login_of_the_index_goes_along_to_its_files_and_is_never_told(derive: Derive, index: Index) -> None:
    index.login = ("ann", "p@ss/word")
    with serving(index) as served:
        done = derive(served.url.replace("://", "://ann:p%40ss%2Fword@"))
        refused = derive(served.url.replace("://", "://ann:wr0ng@"))
    assert done.returncode == 0, done.stderr
    assert refused.returncode == 3
    told = done.stdout + done.stderr + refused.stdout + refused.stderr
    assert not any(secret in told for secret in ("p%40ss", "p@ss", "wr0ng", "ann"))


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--exclude-newer", "yesterday"), "--exclude-newer can't be 'yesterday'"),
        (("--exclude-newer", "2999-01-01"), "which is still to come"),
        (("--check", "--exclude-newer", "2024-01-01"), "--check derives at the recorded moment"),
        (("--timeout", "0"), "--timeout is a number of seconds above 0"),
    ],
)
def test_a_wrong_call_is_told_and_asks_nobody(
    derive: Derive, index: Index, arguments: tuple[str, ...], told: str
) -> None:
    with serving(index) as served:
        done = derive(served.url, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert told in done.stderr
    assert served.asked == []


def test_what_an_installer_put_there_is_not_written_to(stackaudit: Run) -> None:
    done = stackaudit("matrix", "derive", "celery-redis-ffmpeg")
    assert (done.returncode, done.stdout) == (2, "")
    assert "came with stackaudit, and what is installed is not written to" in done.stderr
    assert "  = fix:  copy " in done.stderr


def test_a_matrix_whose_ranges_people_wrote_has_nothing_to_derive(derive: Derive, own: Path) -> None:
    range_ = '[[package.{0}.range]]\nversions = ">=5.3,<5.4"\nreleases = {{ "5.3.0" = 2024-01-01 }}\npythons = []\n'
    text = MATRIX.replace('versions = ">=5.3"\n', "").replace('extras = ["redis"]\n', "")
    own.write_text(f"{text}{range_.format('celery')}{range_.format('kombu')}", encoding="utf-8")
    done = derive("http://127.0.0.1:9/simple")
    assert done.returncode == 2
    assert "mine.toml: no package of it has its ranges derived" in done.stderr


def test_a_published_layer_that_can_not_be_read_is_derived_anew(derive: Derive, index: Index, folder: Path) -> None:
    (folder / "mine.published.toml").write_text("nonsense", encoding="utf-8")
    with serving(index) as served:
        assert derive(served.url, "--check").returncode == 2
        done = derive(served.url)
    assert done.returncode == 0
    assert "note: mine.published.toml:1: is not TOML from here on: it is derived anew" in done.stderr
    assert set(written(folder)["package"]) == {"celery", "kombu"}


def test_help_is_printed(stackaudit: Run) -> None:
    assert stackaudit("matrix", "derive", "--help").stdout.startswith("Usage: stackaudit matrix derive")


def test_a_folder_in_the_place_of_the_file_is_told(derive: Derive, index: Index, folder: Path) -> None:
    (folder / "mine.published.toml").mkdir()
    with serving(index) as served:
        done = derive(served.url)
    assert done.returncode == 2, done.stdout + done.stderr
    shutil.rmtree(folder / "mine.published.toml")
