"""A distribution's changelog says what it mended; one of another version says nothing."""

import gzip
from pathlib import Path

import pytest

from stackaudit.probes._package import fixes

TEXT = """\
redis (5:7.0.15-1~deb12u10) bookworm-security; urgency=high

  * CVE-2026-81934: Prevent a use-after-free vulnerability.

redis (5:7.0.15-1~deb12u9) bookworm-security; urgency=high

  * CVE-2026-66373 and CVE-2026-66373 again.
"""


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "redis-server"
    folder.mkdir()
    with gzip.open(folder / "changelog.Debian.gz", "wt", encoding="utf-8") as stream:
        stream.write(TEXT)
    return tmp_path


def test_every_advisory_that_it_names_counts_once(documents: Path) -> None:
    assert fixes("redis-server 5:7.0.15-1~deb12u10", documents) == ("CVE-2026-66373", "CVE-2026-81934")


def test_the_changelog_of_another_version_says_nothing(documents: Path) -> None:
    assert fixes("redis-server 5:7.0.15-1~deb12u11", documents) is None


def test_where_there_is_none_nobody_can_tell(documents: Path) -> None:
    assert fixes("valkey-server 8.0", documents) is None
    (documents / "redis-server" / "changelog.Debian.gz").write_bytes(b"\x1f\x8bno gzip")
    assert fixes("redis-server 5:7.0.15-1~deb12u10", documents) is None
