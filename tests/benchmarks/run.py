"""What an audit costs beside the tools that it puts together: ratios, never a gate.

Both sides of a ratio run in turn, in one run; the median of the rounds' ratios counts. Advisories and index are loopback services that wait
before each answer, as the internet would.

`python tests/benchmarks/run.py [--rounds 3] [--packages 20 --packages 200] [--latency 0 --latency 0.05] [--native]`
"""

import argparse
import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from packaging.utils import canonicalize_name

import index_service
import servers
import workers
from environments import run_uv, site_packages, uv, write_distribution
from osv_service import OsvService

PINS = ("billiard==4.2.1", "celery==5.4.0", "ffmpeg-python==0.2.0", "kombu==5.4.2", "redis==5.0.8", "vine==5.1.0")
ADVISORIES = 60
FIRST = 40
"""The first of the made-up packages that an advisory is about: those of the large stack alone."""
CELL = "{:<22} {:>8} {:>8} {:>9} {:>9} {:>9} {:>9}"
BIN = Path(sys.executable).parent
LEGEND = """
check: a whole audit with all eight checks. / probe: how many times its slowest probe, by its own record.
/ script: beside pip check; pip-audit; celery inspect ping; redis-cli ping; ffmpeg -version, one after the other.
/ uv: beside uv pip check. pip-audit: alone, over the same service. fed: how many times sooner --only vulnerabilities is.
"""
WHEELS = 5
"""Of each package in a lock: few have just one."""
MANY = 100
FEW_ROUNDS = 2
"""Rounds where pip-audit alone takes a quarter of a minute."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stack:
    """What is audited: an environment with its own pip, a broker with one worker, and the services to ask."""

    interpreter: str
    broker: str
    advisories: str
    index: str
    folder: Path

    @property
    def surroundings(self) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "STACKAUDIT_"))}
        return {**clean, "PIP_CONFIG_FILE": os.devnull, "PIP_INDEX_URL": self.index}


def warm(folder: Path) -> None:
    """Let all sides keep their bytecode, as they do where they are installed, whatever this shell says; the first rounds write it."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")


def seconds(command: Sequence[str], stack: Stack | None = None, statuses: Sequence[int] = (0,)) -> tuple[float, str]:
    """How long `command` took, and what it printed; it must end with one of `statuses`, or the figure would be of something else."""
    started = time.perf_counter()
    done = subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        cwd=None if stack is None else stack.folder,
        env=None if stack is None else stack.surroundings,
    )
    took = time.perf_counter() - started
    if done.returncode not in statuses:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}: {done.stdout[-500:]}{done.stderr[-500:]}")
    return took, done.stdout


def audit(stack: Stack, *options: str) -> tuple[float, dict[str, Any]]:
    """The whole of `stackaudit check`, and its record."""
    command = [str(BIN / "stackaudit"), "check", "--format", "json", "--python", stack.interpreter]
    command += ["--advisories", stack.advisories, "--broker-url", stack.broker, *options]
    took, printed = seconds(command, stack, statuses=(0, 1))
    record: dict[str, Any] = json.loads(printed)
    return took, record


def sequence(stack: Stack) -> dict[str, float]:
    """The tools that a script would call one after the other, each by its own command line."""
    site = str(site_packages(stack.interpreter))
    scan = [str(BIN / "pip-audit"), "-s", "osv", "--osv-url", f"{stack.advisories}/v1/query", "--path", site]
    ping = [sys.executable, "-m", "celery", "-b", stack.broker, "inspect", "ping"]
    port = stack.broker.rpartition(":")[2].partition("/")[0]
    commands: dict[str, tuple[list[str], tuple[int, ...]]] = {
        "pip check": ([stack.interpreter, "-m", "pip", "check"], (0,)),
        "pip-audit": ([*scan, "--format", "json", "--progress-spinner", "off"], (0, 1)),
        "inspect ping": (ping, (0,)),
        "redis-cli ping": (["redis-cli", "-p", port, "ping"], (0,)),
        "ffmpeg -version": (["ffmpeg", "-version"], (0,)),
    }
    return {name: seconds(command, stack, statuses)[0] for name, (command, statuses) in commands.items()}


def starting(rounds: int) -> None:
    """The two promises about starting."""
    pairs = {
        "--version": ([str(BIN / "stackaudit"), "--version"], [sys.executable, "-c", "pass"], "bare Python"),
        "check --help": (
            [str(BIN / "stackaudit"), "check", "--help"],
            [str(BIN / "pip-audit"), "--help"],
            "pip-audit --help",
        ),
    }
    for name, (ours, theirs, whose) in pairs.items():
        beside(name, ours, theirs, whose, 2 * rounds + 1)


def auditing(stack: Stack, name: str, packages: int, rounds: int) -> None:
    """One line of the table: a whole audit beside its slowest probe, the sequence, and `uv pip check`."""
    whole, slowest, rows, fast, scan, fed = [], [], [], [], [], []
    for _ in range(rounds):
        took, record = audit(stack)
        told = next(each for each in record["checks"] if each["id"] == "vulnerabilities")["summary"]
        if f"{packages} of {packages} packages audited" not in told:
            raise SystemExit(f"not every package was audited: {told}")
        durations: Mapping[str, float] = record["measured"]["durations"]
        # The clock of both runs from the moment at which the first probe starts.
        slowest.append(durations["audit"] / max(each for probe, each in durations.items() if probe != "audit"))
        whole.append(took)
        rows.append(sequence(stack))
        scan.append(rows[-1]["pip-audit"])
        fed.append(audit(stack, "--only", "vulnerabilities")[0])
        fast.append(seconds([uv(), "pip", "check", "--python", stack.interpreter], stack)[0])
    in_a_row = [sum(each.values()) for each in rows]
    say(
        CELL.format(
            name,
            f"{statistics.median(whole):.2f} s",
            ratio(slowest, [1.0] * rounds),
            ratio(whole, in_a_row),
            ratio(whole, fast),
            f"{statistics.median(scan):.2f} s",
            ratio(scan, fed),
        )
    )


def answering(folder: Path, interpreter: str, rounds: int) -> None:
    """The native engine beside the tools whose answers it gives: over a copy of advisories, and online at 50 ms."""
    copy = os.environ.get("STACKAUDIT_ADVISORIES") or str(written(folder / "copy"))
    for count in (225, 10_000):
        (folder / f"{count}.txt").write_text("".join(f"package-{each}==1.0\n" for each in range(count)))
    native = [str(BIN / "stackaudit"), "check", "--engine", "native", "--fail-on", "critical", "--only"]
    near, far = ("--advisories", copy), ("-r", str(folder / "225.txt"))
    many = str(folder / "10000.txt")
    with services([f"package-{each}-1.0" for each in range(225)], latency=0.05, first=0) as (slow, index):
        lock = locked(folder / "locked", 225, index)
        pairs = {
            "10,000 pins from a copy": (
                [*native, "vulnerabilities", *near, "-r", many],
                [sys.executable, "-c", "pass"],
                "bare Python",
            ),
            "225 pins online, 50 ms": (
                [*native, "vulnerabilities", "--advisories", slow, *far],
                [
                    str(BIN / "pip-audit"),
                    "-s",
                    "osv",
                    "--osv-url",
                    f"{slow}/v1/query",
                    "--disable-pip",
                    "--no-deps",
                    *far,
                ],
                "pip-audit",
            ),
            "225 of a lock, 50 ms": (
                [*native, "vulnerabilities", "--advisories", slow, "-r", str(lock)],
                [uv(), "audit", "--frozen", "--quiet", "--project", str(lock.parent), "--service-url", slow],
                "uv audit",
            ),
            "conflicts and copy": (
                [*native, "conflicts,vulnerabilities", *near, "--python", interpreter],
                [interpreter, "-m", "pip", "check"],
                "pip check",
            ),
        }
        for name, (ours, theirs, whose) in pairs.items():
            beside(name, ours, theirs, whose, rounds)


def locked(folder: Path, count: int, index: str) -> Path:
    """A `uv.lock` of a project that asks for `count` of the made-up packages on `index`: the one kind of input that uv audits."""
    folder.mkdir()
    names = [f"package-{each}" for each in range(count)]
    project = 'name = "asks"\nversion = "1.0"\n'
    (folder / "pyproject.toml").write_text(f"[project]\n{project}requires-python = '>=3.11'\ndependencies = {names}\n")
    asked = "".join(f'    {{ name = "{each}" }},\n' for each in names)
    lines = ["version = 1", 'requires-python = ">=3.11"', "", f"[[package]]\n{project}source = {{ virtual = '.' }}"]
    lines += [f"dependencies = [\n{asked}]", ""]
    told = f'hash = "sha256:{"0" * 64}", size = 50944, upload-time = "2024-11-12T19:55:41.782Z"'
    for each in names:
        file = f'{{ url = "https://files.invalid/packages/43/b3/{"0" * 60}/{each.replace("-", "_")}-1.0'
        tags = [f"cp3{minor}-cp3{minor}-manylinux_2_17_x86_64" for minor in range(9, 9 + WHEELS)]
        wheels = "".join(f'    {file}-{tag}.whl", {told} }},\n' for tag in tags)
        lines.append(f'[[package]]\nname = "{each}"\nversion = "1.0"\nsource = {{ registry = "{index}" }}')
        lines.append(f'sdist = {file}.tar.gz", {told} }}\nwheels = [\n{wheels}]\n')
    path = folder / "uv.lock"
    path.write_text("\n".join(lines))
    return path


def written(folder: Path) -> Path:
    """The advisories of this benchmark as a local copy."""
    folder.mkdir()
    for index in range(ADVISORIES):
        (folder / f"{index}.json").write_text(json.dumps(record(index)))
    return folder


def beside(name: str, ours: Sequence[str], theirs: Sequence[str], whose: str, rounds: int) -> None:
    """One line: both commands run in turn, the first pair left out, and the median of the ratios."""
    statuses = (0, 1)
    taken = [(seconds(ours, statuses=statuses)[0], seconds(theirs, statuses=statuses)[0]) for _ in range(rounds + 1)][
        1:
    ]
    mine, other = (statistics.median(side) for side in zip(*taken, strict=True))
    ratios = statistics.median(one / two for one, two in taken)
    say(f"{name:<24} {mine:6.3f} s   {whose:<18} {other:6.3f} s   ratio {ratios:5.2f}")


def ratio(mine: Sequence[float], others: Sequence[float]) -> str:
    """The median of the pairs' ratios."""
    return f"{statistics.median(one / other for one, other in zip(mine, others, strict=True)):.2f}"


def record(index: int) -> dict[str, Any]:
    """An advisory about `package-INDEX`."""
    span = {"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.0"}]}
    affected = {"package": {"ecosystem": "PyPI", "name": f"package-{index}"}, "ranges": [span], "versions": ["1.0"]}
    told = {"id": f"PYSEC-2099-{index}", "modified": "2099-01-01T00:00:00Z", "details": "Bad. " * 200}
    return {**told, "affected": [affected]}


def grow(interpreter: str, size: int) -> list[str]:
    """Fill the environment up to `size` packages, with the metadata of packages that nobody wrote; all their names."""
    site = site_packages(interpreter)
    for index in range(len(list(site.glob("*.dist-info"))), size):
        wheel = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        write_distribution(site, f"package-{index}", "1.0", files={"WHEEL": wheel, "RECORD": ""})
    return sorted(each.name.removesuffix(".dist-info") for each in site.glob("*.dist-info"))


@contextlib.contextmanager
def services(names: Sequence[str], latency: float, first: int = FIRST) -> Iterator[tuple[str, str]]:
    """The URLs of an OSV service and of a package index that know the packages `names` (`celery-5.4.0`), and wait before each answer.

    The made-up packages from number `first` on have an advisory each.
    """
    projects: dict[str, list[dict[str, Any]] | str] = {
        canonicalize_name(name): [index_service.wheel(name, version, "2024-01-01T00:00:00Z")]
        for name, _, version in (each.rpartition("-") for each in names)
    }
    records = [record(index) for index in range(first, first + ADVISORIES)]
    index = index_service.IndexService(projects=projects, latency=latency)
    with OsvService(records, latency=latency) as osv, index_service.serving(index):
        yield osv.url, index.url


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def main() -> None:
    """Print the figures as they come."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument(
        "--packages", type=int, action="append", help="packages in the environment; default: 20 and 200"
    )
    parser.add_argument(
        "--latency", type=float, action="append", help="seconds before each answer; default: 0 and 0.05"
    )
    parser.add_argument("--native", action="store_true", help="the native engine alone")
    options = parser.parse_args()
    named = os.environ.get("STACKAUDIT_ADVISORIES")
    if named:
        os.environ["STACKAUDIT_ADVISORIES"] = str(Path(named).absolute())
    # Not from where this is called: the matrices of a project are read too, and this one holds several.
    with tempfile.TemporaryDirectory() as made, contextlib.chdir(made):
        folder = Path(made)
        warm(folder)
        starting(options.rounds)
        base = folder / "environment"
        run_uv("venv", "--quiet", "--python", sys.executable, str(base))
        interpreter = str(base / "bin" / "python")
        run_uv("pip", "install", "--quiet", "--python", interpreter, "pip", *PINS)
        if options.native:
            grow(interpreter, max(options.packages or [200]))
            answering(folder, interpreter, options.rounds)
            return
        say(LEGEND)
        say(CELL.format("", "check", "/ probe", "/ script", "/ uv", "pip-audit", "fed"))
        with servers.redis_server(folder / "redis") as server:
            worker = workers.start(folder / "worker", server.url(), "bench@here")
            with workers.running(worker):
                cold = True
                for size in sorted(options.packages or [20, 200]):
                    names = grow(interpreter, size)
                    rounds = options.rounds if size < MANY else FEW_ROUNDS
                    for latency in options.latency or [0.0, 0.05]:
                        with services(names, latency) as (advisories, index):
                            stack = Stack(
                                interpreter=interpreter,
                                broker=server.url(),
                                advisories=advisories,
                                index=index,
                                folder=folder,
                            )
                            if cold:
                                audit(stack)
                                sequence(stack)
                                cold = False
                            auditing(stack, f"{len(names)} packages, {latency * 1000:.0f} ms", len(names), rounds)


if __name__ == "__main__":
    main()
