"""Runs the real `pip check` on the target: its own pip, else ours, else the one that ships with its Python."""

import os
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from packaging.utils import canonicalize_name

from stackaudit.model.facts.conflicts import Conflict, PipCheck
from stackaudit.model.facts.environment import InterpreterFact
from stackaudit.model.parts import Probe, Visit
from stackaudit.model.secret import redact
from stackaudit.model.snapshot import Evidence, Look, Unseen
from stackaudit.model.values import dataclass
from stackaudit.outside import process

OLDEST_FOR_OURS = (3, 10)
"""The oldest target that a current pip looks at with `--python`."""

AGREED = "No broken requirements found."

SHARE = 0.5
"""The part of what time is left that one pip may take: one that hangs must leave time for the next."""

LATE = "{who} was not done in its share of the audit's time"
"""Said of a pip that took too long."""

_MISSING = re.compile(r"(\S+) (\S+) requires (\S+), which is not installed\.")
_MISMATCH = re.compile(r"(\S+) (\S+) has requirement (.+), but you have (\S+) (\S+)\.")
_PLATFORM = re.compile(r"(\S+) (\S+) is not supported on this platform")
_PASSED_OVER = re.compile(r"WARNING: Error parsing (?:dependencies of|requirements for) ([^\s:]+)")
_TOO_OLD = re.compile(r"This version of pip does not support python \S+ \(requires (>=\S+)\)", re.IGNORECASE)
_BROKEN_OFF = re.compile(r"^(?:ERROR:|Traceback )", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pip:
    """One pip that may look at the target. `command` runs it, up to its own options; `shown` is what the record says of it."""

    whose: str
    version: str
    command: tuple[str, ...]
    shown: tuple[str, ...]


_WHOSE = {
    "target": "the environment's own pip",
    "ours": "the pip beside this tool",
    "bundled": "the pip that ships with this Python",
}


def collect(visit: Visit) -> Sequence[Look]:
    """The answer of the first pip that gives one; nothing is asked without an interpreter."""
    target = next(iter(visit.facts(InterpreterFact)), None)
    if target is None:
        return []
    causes = []
    order = tuple(pips(target))
    for pip in order:
        left = visit.deadline.remaining()
        patience = visit.deadline.within(left if pip is order[-1] else left * SHARE)
        command = [*pip.command, "--isolated", "--disable-pip-version-check", "check"]
        completed = process.run(command, patience, env=_neutral())
        answer = answer_of(pip, completed)
        if isinstance(answer, PipCheck):
            return [_look(target, pip, completed, answer)]
        causes.append(answer)
    return [_unseen(target, causes or ["there is no pip that could look at it"])]


PROBE = Probe(
    name="pip",
    title="pip check",
    reads=(InterpreterFact,),
    yields=(PipCheck,),
    collect=collect,
    serves=lambda manifest: not manifest.native,
)


def pips(target: InterpreterFact) -> Iterator[Pip]:
    """The pips that may look at `target`, best first."""
    if target.pip is not None:
        command = (target.path, "-I", "-m", "pip")
        yield Pip(whose="target", version=target.pip, command=command, shown=command)
    ours = _our_version()
    major, minor = (int(part) for part in target.version.split(".")[:2])
    if ours is not None and (major, minor) >= OLDEST_FOR_OURS:
        options = ("-I", "-m", "pip", "--python", target.path)
        yield Pip(whose="ours", version=ours, command=(sys.executable, *options), shown=("python", *options))
    if target.bundled_pip is not None:
        wheel = Path(target.bundled_pip)
        zipped = (target.path, "-I", str(wheel / "pip"))
        yield Pip(whose="bundled", version=wheel.name.split("-")[1], command=zipped, shown=zipped)


def _our_version() -> str | None:
    from importlib import metadata

    try:
        return metadata.version("pip")
    except metadata.PackageNotFoundError:
        return None


def _neutral() -> dict[str, str]:
    """An environment in which no setting of the user's bends the answer; pip ignores empty variables, and so does Python."""
    own = {name: "" for name in os.environ if name.startswith("PIP_")}
    return {**own, "PIP_CONFIG_FILE": os.devnull, "PYTHONPATH": "", "PYTHONNOUSERSITE": "1", "NO_COLOR": "1"}


def answer_of(pip: Pip, completed: process.Completed) -> PipCheck | str:
    """What `pip check` said; where it gave no answer, why, in our words.

    An answer is the sentence of success, or at least one line that names a conflict or a package that was passed over: pip ends with
    the same exit status 1 where it found conflicts and where it could not run.
    """
    who = f"{_WHOSE[pip.whose]} ({pip.version})"
    if completed.ending is process.Ending.TIMED_OUT:
        return LATE.format(who=who)
    if completed.ending is not process.Ending.EXITED:
        return f"{who} could not be started"
    conflicts = tuple(sorted(conflicts_in(completed.text), key=lambda each: (each.name, each.kind, each.line)))
    blind = passed_over(completed.error_text)
    agreed = completed.exit_status == 0 and AGREED in completed.text.splitlines() and not conflicts
    objected = completed.exit_status == 1 and bool(conflicts or blind)
    if (agreed or objected) and not _BROKEN_OFF.search(completed.error_text):
        return PipCheck(pip_version=pip.version, whose=pip.whose, conflicts=conflicts, blind=blind)
    too_old = _TOO_OLD.search(completed.error_text)
    if too_old:
        return f"{who} looks at Python {too_old[1]} only"
    return f"{who} did not get to an answer (exit status {completed.exit_status})"


def conflicts_in(output: str) -> Iterator[Conflict]:
    """The conflicts that `pip check` printed, whatever its version; lines of another form are no conflicts."""
    for line in output.splitlines():
        if mismatch := _MISMATCH.fullmatch(line):
            yield _conflict("mismatch", mismatch, needs=mismatch[3], found=mismatch[5])
        elif missing := _MISSING.fullmatch(line):
            yield _conflict("missing", missing, needs=missing[3], found=None)
        elif platform := _PLATFORM.fullmatch(line):
            yield _conflict("platform", platform, needs="another platform", found=None)


def _conflict(kind: str, line: re.Match[str], *, needs: str, found: str | None) -> Conflict:
    # A requirement may be a URL with a token in it.
    return Conflict(
        name=canonicalize_name(line[1]),
        version=line[2],
        kind=kind,
        needs=redact(needs),
        found=found,
        line=redact(line[0]),
    )


def passed_over(errors: str) -> tuple[str, ...]:
    """The packages, by normalized name, whose requirements pip says it could not parse: it looked at none of them."""
    return tuple(sorted({canonicalize_name(name) for name in _PASSED_OVER.findall(errors)}))


def _look(target: InterpreterFact, pip: Pip, completed: process.Completed, answer: PipCheck) -> Look:
    return Look(
        probe="pip",
        asked=f"what pip check says of {target.path}",
        evidence=Evidence(
            tool="pip",
            tool_version=pip.version,
            command=(*pip.shown, "check"),
            exit_status=completed.exit_status,
        ),
        facts=(answer,),
        measured=(("pip check", completed.seconds),),
    )


def remedy_for(python: str, causes: Sequence[str]) -> str:
    """What to do where no pip gave an answer for `causes`: one that only lacked time is there already."""
    if causes and all(each.endswith(LATE.format(who="")) for each in causes):
        return "give it more time with --timeout SECONDS, or leave the check out with --skip conflicts"
    return f"install a pip in the environment (`{python} -m ensurepip`, or uv's `uv venv --seed`), and run it by hand"


def _unseen(target: InterpreterFact, causes: Sequence[str]) -> Look:
    return Look(
        probe="pip",
        asked=f"what pip check says of {target.path}",
        evidence=Evidence(tool="pip"),
        unseen=Unseen(
            subject="",
            yields=("PipCheck",),
            cause=f"pip check could not run: {'; '.join(causes)}",
            remedy=remedy_for(target.path, causes),
        ),
    )
