"""Builds cases by hand: what is declared, what is installed, on which Python."""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path

from packaging.requirements import Requirement as Line
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from stackaudit.inputs import matrices
from stackaudit.model.audit import Case
from stackaudit.model.facts.environment import Distribution, InterpreterFact
from stackaudit.model.facts.fact import Fact
from stackaudit.model.manifest import Endpoint, Interpreter, Manifest, PythonClaim, Requirement, Setting, Terms
from stackaudit.model.matrix import Matrix
from stackaudit.model.places import Place
from stackaudit.model.secret import Secret
from stackaudit.model.snapshot import Evidence, Look, Snapshot, Unseen

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)

SEED = {
    "celery": "5.4.0",
    "redis": "5.0.8",
    "kombu": "5.6.1",
    "billiard": "4.2.4",
    "vine": "5.1.0",
    "ffmpeg-python": "0.2.0",
}
"""The six pins that the first stack was built on."""

SEED_LINES = tuple(f"{name}=={version}" for name, version in SEED.items())


@cache
def shipped_matrix() -> Matrix:
    return matrices.read("celery-redis-ffmpeg", Path())


def requirement(text: str, *, file: str = "requirements.txt", line: int = 1, direct: bool = True) -> Requirement:
    """`celery[redis]==5.4.0; python_version > "3.8"` as a file declares it."""
    parsed = Line(text)
    pins = [each.version for each in parsed.specifier if each.operator == "==" and not each.version.endswith(".*")]
    return Requirement(
        name=canonicalize_name(parsed.name),
        specifier=parsed.specifier,
        pin=Version(pins[0]) if len(pins) == 1 == len(parsed.specifier) else None,
        extras=tuple(sorted(parsed.extras)),
        where=Place(path=file, line=line),
        direct=direct,
        marker=str(parsed.marker) if parsed.marker is not None else None,
    )


def claim(specifier: str, text: str, *, file: str = "pyproject.toml") -> PythonClaim:
    return PythonClaim(specifier=SpecifierSet(specifier), text=text, where=Place(path=file, line=1))


def interpreter(python: str) -> InterpreterFact:
    minor = ".".join(python.split(".")[:2])
    markers = {
        "implementation_name": "cpython",
        "implementation_version": python,
        "os_name": "posix",
        "platform_machine": "x86_64",
        "platform_python_implementation": "CPython",
        "platform_release": "6.1",
        "platform_system": "Linux",
        "platform_version": "1",
        "python_full_version": python,
        "python_version": minor,
        "sys_platform": "linux",
    }
    return InterpreterFact(
        path="/srv/app/bin/python",
        version=python,
        implementation="CPython",
        platform="linux",
        prefix="/srv/app",
        markers=tuple(sorted(markers.items())),
        site_packages=("/srv/app/lib",),
        virtual=True,
        pip=None,
    )


def look(probe: str, kind: type[Fact], facts: Sequence[Fact] = (), unseen: Unseen | None = None) -> Look:
    return Look(
        probe=probe,
        asked=probe,
        evidence=Evidence(tool=probe),
        facts=tuple(facts),
        unseen=unseen,
        yields=(kind.__name__,),
        id=probe,
    )


def case(
    *,
    installed: Mapping[str, str] | None = None,
    declared: Sequence[str | Requirement] = (),
    python: str = "3.11.7",
    broker: str | None = None,
    claims: Sequence[PythonClaim] = (),
    unseen: Sequence[Unseen] = (),
) -> Case:
    """A case on the shipped matrix.

    With `installed` (name to version) an environment is audited, on Python `python`; without it the files alone, for its minor version.
    `unseen` are what the look at the distributions could not see. The files list all that an install gives: nobody asks about a
    fresh one.
    """
    lines = [
        requirement(each, line=number) if isinstance(each, str) else each for number, each in enumerate(declared, 1)
    ]
    looks: list[Look] = []
    if installed is not None:
        found = [Distribution(name=canonicalize_name(name), version=version) for name, version in installed.items()]
        looks = [
            look("interpreter", InterpreterFact, [interpreter(python)]),
            look("packages", Distribution, found),
            *(look(f"packages.{number}", Distribution, unseen=each) for number, each in enumerate(unseen)),
        ]
    minor = ".".join(python.split(".")[:2])
    return Case(
        manifest=Manifest(
            requirements=tuple(lines),
            endpoints=(Endpoint(role="broker", url=Secret(broker), where=Place(path="test")),) if broker else (),
            settings=(Setting(name="python_version", value=minor, where=Place(path="test")),),
            pythons=tuple(claims),
            sources=tuple(dict.fromkeys(each.where.path for each in lines)),
            terms=Terms(closed=tuple(sorted({each.where.path for each in lines}))),
            interpreter=Interpreter(path="/srv/app/bin/python", where=Place(path="test")) if looks else None,
        ),
        snapshot=Snapshot(taken_at=NOW, host="", looks=tuple(looks)),
        matrix=shipped_matrix(),
        today=TODAY,
    )
