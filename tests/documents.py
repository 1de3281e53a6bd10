"""An audit in which every section of the document has something to tell, and its edition."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from stackaudit import sockets
from stackaudit.audit import judge
from stackaudit.gate.verdict import decide, overall
from stackaudit.gate.waivers import waive
from stackaudit.inputs import matrices
from stackaudit.model.audit import Audit, Case, Policy
from stackaudit.model.facts.advised import AdvisoryCopy
from stackaudit.model.facts.deployment import Variable
from stackaudit.model.facts.environment import Distribution, ImportTrial
from stackaudit.model.facts.programs import MediaTrial, Program, ProgramState
from stackaudit.model.facts.published import Release
from stackaudit.model.facts.services import Pulse, ServiceState
from stackaudit.model.facts.workers import Broadcast, Worker
from stackaudit.model.manifest import Endpoint, PythonClaim
from stackaudit.model.places import Place
from stackaudit.model.secret import Secret
from stackaudit.model.snapshot import Look
from stackaudit.model.waivers import Waiver
from stories import NOW, a_manifest, a_snapshot, look

BROKER = "redis://localhost:6379/0"
REQUIRES = {
    "celery": ("kombu>=5.3.4,<6.0", "vine<6.0,>=5.1.0", 'redis<6.0.0,>=4.5.2; extra == "redis"'),
    "kombu": ("vine<6.0.0,>=5.0.0", 'redis!=5.0.2,<6.5,>=4.5.2; extra == "redis"'),
}


def a_full_audit(text: str = "a word", matrix: Path | None = None) -> Audit:
    """That audit; `text` stands wherever the world may write what it likes."""
    manifest = replace(
        a_manifest(),
        endpoints=(
            Endpoint(role="broker", url=Secret(f"redis://:secret@{BROKER[8:]}"), where=Place(path="pyproject.toml")),
        ),
        pythons=(
            PythonClaim(
                specifier=SpecifierSet("==3.11.*"), text=f"FROM {text}", where=Place(path="Dockerfile", line=1)
            ),
        ),
        sources=("requirements.txt", text),
    )
    known = matrices.read(str(matrix or "celery-redis-ffmpeg"), root=Path())
    snapshot = replace(a_snapshot(), looks=(*(_requiring(each) for each in a_snapshot().looks), *_looks(text)))
    case = Case(manifest=manifest, snapshot=snapshot, matrix=known, today=NOW.date())
    waiver = Waiver(where=Place(path=text), advisory="CVE-2099-1", reason=text, owner=text, until=date(2027, 1, 31))
    policy = Policy(waivers=(waiver,))
    judgments = decide(waive(judge(case, sockets.checks()), policy, case), policy)
    return Audit(
        tool_version="0.0", started_at=NOW, finished_at=NOW, case=case, judgments=judgments, verdict=overall(judgments)
    )


def _requiring(seen: Look) -> Look:
    facts = tuple(
        replace(each, requires=REQUIRES.get(each.name, ()), provides=("redis",))
        if isinstance(each, Distribution)
        else each
        for each in seen.facts
    )
    return replace(seen, facts=facts)


def _looks(text: str) -> tuple[Look, ...]:
    celery, redis = canonicalize_name("celery"), canonicalize_name("redis")
    release = Release(
        name=redis,
        version="5.0.8",
        known=True,
        exists=True,
        uploaded_at=datetime(2024, 7, 30, tzinfo=UTC),
        newest_in_series="5.0.8",
        newest="6.4.0",
        newest_for_python="6.4.0",
        newest_for_python_at=datetime(2025, 8, 7, tzinfo=UTC),
    )
    worker = Worker(node=text, answered=True, expected_by=("pidbox",), celery="5.4.0", kombu=text)
    pulse = Pulse(endpoint=BROKER, state=ServiceState.UP, detail=text, product="redis", version="7.0.15", role="master")
    program = Program(name="ffprobe", path="/usr/bin/ffprobe", state=ProgramState.WORKS, detail=text, version="5.1.9")
    return (
        look("advisories", AdvisoryCopy(name=text, as_of="2026-11-20", sha256="0" * 64)),
        look("celery", Broadcast(endpoint=BROKER, subscribers=1, replies=1), worker),
        look("ffprobe", program),
        replace(
            look("imports", ImportTrial(name=celery, version="5.4.0", statement="from celery import Celery")),
            measured=(("from celery import Celery", 0.2264), ("from celery import Celery bytes", 18_245_222.0)),
        ),
        look("index", release),
        replace(
            look("media", MediaTrial(step="thumbnail", ok=True, detail=text, exit_status=0)),
            measured=(("ffmpeg thumbnail", 0.2427),),
        ),
        replace(
            look("redis", pulse),
            asked=BROKER,
            measured=((f"{BROKER} connect", 0.001), (f"{BROKER} ping max", 0.0079), (f"{BROKER} ping p50", 0.00005)),
        ),
        look(
            "variables",
            Variable(name="CELERY_BROKER_URL", readers=("celery",), note=text, searched=("celery",), agrees=True),
            Variable(name=text, readers=(), searched=("celery",)),
        ),
    )
