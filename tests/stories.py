"""Cases made of values, for the tests of what judges and tells."""

from datetime import UTC, date, datetime
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from stackaudit import sockets
from stackaudit.audit import judge
from stackaudit.gate.verdict import decide, overall
from stackaudit.inputs import matrices
from stackaudit.model.audit import Audit, Case, Policy
from stackaudit.model.facts.advised import Advisory, Audited
from stackaudit.model.facts.conflicts import PipCheck
from stackaudit.model.facts.deployment import Account
from stackaudit.model.facts.environment import Distribution, InterpreterFact
from stackaudit.model.facts.programs import Program, ProgramState
from stackaudit.model.manifest import Interpreter, Manifest, ProgramRequest, Requirement
from stackaudit.model.places import Place
from stackaudit.model.snapshot import Evidence, Look, Snapshot, Unseen

NOW = datetime(2026, 11, 22, 12, 40, tzinfo=UTC)
PINS = {
    "billiard": "4.2.4",
    "celery": "5.4.0",
    "ffmpeg-python": "0.2.0",
    "kombu": "5.6.1",
    "redis": "5.0.8",
    "vine": "5.1.0",
}
MARKERS = {
    "python_version": "3.11",
    "python_full_version": "3.11.14",
    "sys_platform": "linux",
    "implementation_name": "cpython",
}


def a_manifest() -> Manifest:
    """Six pins in a requirements file, and the environment they are installed in."""
    requirements = tuple(
        Requirement(
            name=canonicalize_name(name),
            specifier=SpecifierSet(f"=={version}"),
            pin=Version(version),
            where=Place(path="requirements.txt", line=line),
        )
        for line, (name, version) in enumerate(PINS.items(), 1)
    )
    return Manifest(
        requirements=requirements,
        programs=(ProgramRequest(name="ffmpeg", command="ffmpeg", where=Place(path="PATH")),),
        interpreter=Interpreter(path=".venv/bin/python", where=Place(path=".venv")),
        sources=("requirements.txt",),
    )


def a_snapshot() -> Snapshot:
    """An environment with the six pins, one advisory, one package that no service knew, and an ffmpeg that is not there."""
    interpreter = InterpreterFact(
        path=".venv/bin/python",
        version="3.11.14",
        implementation="CPython",
        platform="linux-x86_64",
        prefix="/srv/app/.venv",
        markers=tuple(sorted(MARKERS.items())),
        site_packages=("/srv/app/.venv/lib/python3.11/site-packages",),
        virtual=True,
        pip="24.0",
    )
    installed = tuple(
        Distribution(name=canonicalize_name(name), version=version, listed=True) for name, version in PINS.items()
    )
    advisory = Advisory(
        id="PYSEC-2099-1", aliases=("CVE-2099-1",), summary="a | pipe, `ticks` and <b>tags</b>", fixed_in=("5.4.1",)
    )
    audited = tuple(
        Audited(
            name=each.name, version=each.version, service="OSV", advisories=(advisory,) if each.name == "celery" else ()
        )
        for each in installed
        if each.name != "vine"
    )
    skipped = Unseen(
        subject="vine==5.1.0", yields=("Audited",), cause="the service does not know it", remedy="ask another one"
    )
    absent = Program(name="ffmpeg", path=None, state=ProgramState.ABSENT, detail="no ffmpeg on PATH")
    looks = (
        look("account", Account(uid=1000, name="ann")),
        look("ffmpeg", absent),
        look("interpreter", interpreter, *installed, yields=("Distribution", "InterpreterFact", "ModuleClash")),
        look("pip", PipCheck(pip_version="24.0", whose="target", conflicts=())),
        look("pip_audit.1", *audited),
        look("pip_audit.2", unseen=skipped, yields=("Audited",)),
    )
    return Snapshot(taken_at=NOW, host="here", looks=looks)


def look(name: str, *facts: object, unseen: Unseen | None = None, yields: tuple[str, ...] = ()) -> Look:
    """One look that found `facts`."""
    kinds = tuple(sorted({type(fact).__name__ for fact in facts}))
    return Look(
        id=name,
        probe=name.partition(".")[0],
        asked=f"ask {name}",
        evidence=Evidence(tool="tool", tool_version="1"),
        facts=facts,  # type: ignore[arg-type]  # the callers hand facts
        unseen=unseen,
        yields=yields or kinds,
        measured=(("seconds", 0.1),),
    )


def a_case() -> Case:
    """The case of that manifest and that snapshot under the shipped matrix."""
    return Case(
        manifest=a_manifest(),
        snapshot=a_snapshot(),
        matrix=matrices.read("celery-redis-ffmpeg", root=Path()),
        today=date(2026, 11, 22),
    )


def an_audit(policy: Policy | None = None) -> Audit:
    """That case, judged by every check."""
    case = a_case()
    judgments = decide(judge(case, sockets.checks()), policy or Policy())
    return Audit(
        tool_version="0.0", started_at=NOW, finished_at=NOW, case=case, judgments=judgments, verdict=overall(judgments)
    )
