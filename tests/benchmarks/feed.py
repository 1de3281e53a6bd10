"""How much sooner pip-audit answers when it is fed: the whole probe against pip-audit alone, over the same loopback OSV service.

`python tests/benchmarks/feed.py [--packages 200] [--advisories 60] [--latency 0.05] [--repeat 3]`
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from osv_service import OsvService
from stackaudit.audit import gather
from stackaudit.model.deadline import Deadline
from stackaudit.model.facts import Audited
from stackaudit.model.manifest import Manifest, Requirement, Setting
from stackaudit.model.places import Place
from stackaudit.probes.pip_audit import PROBE

HERE = Place(path="benchmark")


def record(index: int) -> dict[str, Any]:
    """An advisory about `package-INDEX`."""
    span = {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0"}]}
    affected = {"package": {"ecosystem": "PyPI", "name": f"package-{index}"}, "ranges": [span], "versions": ["1.0"]}
    return {
        "id": f"PYSEC-2099-{index}",
        "modified": "2099-01-01T00:00:00Z",
        "details": "Bad. " * 200,
        "affected": [affected],
    }


def fed(url: str, packages: int) -> float:
    """Seconds of the whole probe, its process included."""
    requirements = tuple(
        Requirement(
            name=canonicalize_name(f"package-{index}"), specifier=SpecifierSet("==1.0"), pin=Version("1.0"), where=HERE
        )
        for index in range(packages)
    )
    manifest = Manifest(requirements=requirements, settings=(Setting(name="advisories", value=url, where=HERE),))
    started = time.monotonic()
    snapshot = gather(manifest, [PROBE], Deadline(300), datetime.now(UTC))
    seconds = time.monotonic() - started
    if len(snapshot.facts(Audited)) != packages:
        raise SystemExit("the fed run did not audit every package")
    return seconds


def alone(url: str, packages: int) -> float:
    """Seconds of pip-audit as a user would start it."""
    with tempfile.TemporaryDirectory() as folder:
        pins = Path(folder, "pins.txt")
        pins.write_text("".join(f"package-{index}==1.0\n" for index in range(packages)))
        command = [sys.executable, "-m", "pip_audit", "-s", "osv", "--osv-url", f"{url}/v1/query", "--format", "json"]
        command += ["--progress-spinner", "off", "--disable-pip", "--no-deps", "-r", str(pins)]
        started = time.monotonic()
        ended = subprocess.run(command, check=False, capture_output=True, text=True)
        seconds = time.monotonic() - started
    if ended.stdout.count('"version"') != packages:
        raise SystemExit("pip-audit alone did not audit every package")
    return seconds


def main() -> None:
    """Both sides in turn; the median of the pairs' ratios counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packages", type=int, default=200)
    parser.add_argument("--advisories", type=int, default=60)
    parser.add_argument("--latency", type=float, default=0.05, help="seconds before each answer of the service")
    parser.add_argument("--repeat", type=int, default=3)
    options = parser.parse_args()
    pairs = []
    records = [record(index) for index in range(min(options.advisories, options.packages))]
    with OsvService(records, latency=options.latency) as service:
        for _ in range(options.repeat):
            pairs.append((fed(service.url, options.packages), alone(service.url, options.packages)))
            sys.stdout.write(f"fed {pairs[-1][0]:.2f} s, alone {pairs[-1][1]:.2f} s\n")
    ratio = statistics.median(slow / fast for fast, slow in pairs)
    what = f"{options.packages} packages, {len(records)} advisories, {options.latency * 1000:.0f} ms"
    sys.stdout.write(f"{what}: fed pip-audit answers {ratio:.1f} times sooner\n")


if __name__ == "__main__":
    main()
