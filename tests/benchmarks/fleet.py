"""What asking a fleet costs beside `celery inspect ping`: real solo workers on this machine, ratios, never a gate.

`python tests/benchmarks/fleet.py [--workers 1 --workers 50] [--rounds 5] [--step]`
"""

import argparse
import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import servers
import workers
from benchmarks.run import warm
from fleets import start_with_step

BIN = Path(sys.executable).parent
AT_ONCE = 8
"""Workers that are started side by side: fifty at once would not be ready in time."""

LEGEND = """
fleet: the whole of `stackaudit fleet`, with the versions of all workers. asking: from the question to the first and to the last answer, by
its record. ping: the whole of `celery inspect ping`, which tells no version; the ratio is fleet / ping. bare: `stackaudit fleet` on a port
where nothing listens, which is what starting costs.
"""


@contextlib.contextmanager
def fleet(folder: Path, url: str, count: int, *, step: bool) -> Iterator[None]:
    """`count` solo workers, every second one with the worker step where `step` is wanted."""
    with contextlib.ExitStack() as stack:
        for first in range(0, count, AT_ONCE):
            batch = [
                (start_with_step if step and number % 2 else workers.start)(
                    folder / str(number), url, f"worker-{number:02}@bench"
                )
                for number in range(first, min(first + AT_ONCE, count))
            ]
            stack.enter_context(workers.running(*batch))
        yield


def seconds(command: Sequence[str], statuses: Sequence[int]) -> tuple[float, str]:
    """How long `command` took, and what it printed; it must end with one of `statuses`."""
    started = time.perf_counter()
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd="/")
    took = time.perf_counter() - started
    if done.returncode not in statuses:
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}: {done.stdout[-500:]}{done.stderr[-500:]}")
    return took, done.stdout


def measured(url: str, count: int, rounds: int) -> None:
    """One line: both sides in turn, medians, and the median of the pairs' ratios."""
    ours = [str(BIN / "stackaudit"), "fleet", "--expect", str(count), "--format", "json", "--broker-url"]
    ping = [sys.executable, "-m", "celery", "-b", url, "inspect", "ping"]
    nobody = f"redis://127.0.0.1:{servers.free_port()}/0"
    whole, first, last, theirs, bare = [], [], [], [], []
    for _ in range(rounds):
        took, printed = seconds([*ours, url], (0, 1))
        record = json.loads(printed)
        answered = [
            each for look in record["looks"] for each in look["facts"] if each["fact"] == "Worker" and each["answered"]
        ]
        if len(answered) != count:
            raise SystemExit(f"{len(answered)} of {count} workers answered")
        latencies = {name.rpartition(".")[2]: value for name, value in record["measured"]["latencies"].items()}
        whole.append(took)
        first.append(latencies["first answer"])
        last.append(latencies["last answer"])
        theirs.append(seconds(ping, (0,))[0])
        bare.append(seconds([*ours, nobody], (1,))[0])
    ratio = statistics.median(one / other for one, other in zip(whole, theirs, strict=True))
    sides = [statistics.median(each) for each in (whole, bare, first, last, theirs)]
    told = "{:3} workers   fleet {:.2f} s (bare {:.2f} s)   asking {:.3f} to {:.3f} s   ping {:.2f} s   ratio {:.2f}"
    sys.stdout.write(told.format(count, *sides, ratio) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Print the figures as they come."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--workers", type=int, action="append", help="workers in the fleet; default: 1 and 50")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--step", action="store_true", help="every second worker has the worker step")
    options = parser.parse_args()
    sys.stdout.write(f"{LEGEND}\n")
    for count in options.workers or [1, 50]:
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            warm(folder)
            with (
                servers.redis_server(folder / "redis", "--save", "") as server,
                fleet(folder, server.url(), count, step=options.step),
            ):
                measured(server.url(), count, options.rounds)


if __name__ == "__main__":
    main()
