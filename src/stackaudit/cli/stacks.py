"""Brings the stack to be audited: the project as it is declared, or a throwaway copy that lives as long as the audit."""

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from packaging.utils import canonicalize_name

from stackaudit.audit import Progress
from stackaudit.cli.choosing import Choice
from stackaudit.inputs.declare import Call, Declaration, declare, declared_in_files, for_probes
from stackaudit.inputs.settings import Settings
from stackaudit.model.audit import Observed
from stackaudit.model.errors import Fault, InputError, UsageError
from stackaudit.model.manifest import Endpoint, Interpreter, Manifest, ProgramRequest, Requirement, Setting
from stackaudit.model.matrix import Matrix
from stackaudit.model.places import Place
from stackaudit.model.secret import Secret
from stackaudit.model.snapshot import Snapshot
from stackaudit.model.versions import pin_of

SANDBOX = Place(path="sandbox")
FIRST = "celery-redis-ffmpeg"
"""The matrix whose stack a sandbox is made of where nothing else is said."""


@contextmanager
def declared(settings: Settings, folder: Path) -> Iterator[Declaration]:
    """The project as it is declared."""
    yield declare(settings, Call(folder=folder, environ=os.environ))


@contextmanager
def throwaway(settings: Settings, folder: Path, choice: Choice, progress: Progress) -> Iterator[Declaration]:
    """A copy of the stack: from the files that are named, else the newest row of the matrix whose bounds hold.

    Raises:
        StackauditError: the files are wrong, or it can't be built.
    """
    from stackaudit.lab.environments import minor_of
    from stackaudit.lab.sandbox import BUILDING, sandbox
    from stackaudit.model.deadline import Deadline

    building = Deadline(BUILDING)
    base = settings.text("python") or settings.text("python-version")
    named = declared_in_files(settings, Call(folder=folder, environ=os.environ))
    requirements = named.requirements or row_of(choice, minor_of(base, building))
    with sandbox(
        [line_of(each) for each in requirements], base, building, progress, offline=settings.flag("offline")
    ) as built:
        ffmpeg = settings.get("ffmpeg")
        program = ProgramRequest(name="ffmpeg", command=built.ffmpeg or "ffmpeg", where=SANDBOX)
        if isinstance(ffmpeg.value, str):
            program = replace(program, command=ffmpeg.value, where=ffmpeg.where)
        expected = (
            Setting(name="expect", value=(built.node,) if built.node else (), where=SANDBOX),
            Setting(name="trouble", value=built.trouble, where=SANDBOX),
        )
        # Pins that bring no Celery make a Redis and no broker: nobody is to answer there.
        role = "broker" if built.node else "redis"
        manifest = Manifest(
            requirements=requirements,
            endpoints=(Endpoint(role=role, url=built.broker_url, where=SANDBOX, label="redis://sandbox"),),
            programs=(program,),
            settings=(*(each for each in for_probes(settings) if each.name != "expect"), *expected),
            pythons=named.pythons,
            interpreter=Interpreter(path=str(built.python), where=SANDBOX),
            sources=named.sources or tuple({str(each.where) for each in requirements}),
            sandbox=True,
        )
        yield Declaration(manifest=manifest)


def without_place(observed: Observed) -> Observed:
    """What was observed of a sandbox, without its temporary folder and its server's port: both are gone, and others each time.

    The digest of the interpreter's answer goes too, since the folder stood in that.
    """
    manifest = observed.manifest
    if manifest.interpreter is None:
        return observed
    from stackaudit.model.wire import decode, encode

    told = json.dumps(encode(observed.snapshot))
    # FOLDER/env/bin/python
    python = Path(manifest.interpreter.path)
    told = told.replace(json.dumps(str(python.parents[2]))[1:-1], str(SANDBOX))
    endpoints = []
    for each in manifest.endpoints:
        url = each.url.reveal()
        address = urlsplit(url).netloc.rpartition("@")[2]
        host = address.partition(":")[0]
        told = told.replace(address, host)
        endpoints.append(replace(each, url=Secret(url.replace(address, host))))
    snapshot = decode(Snapshot, json.loads(told))
    looks = tuple(
        replace(each, evidence=replace(each.evidence, sha256=None)) if each.probe == "interpreter" else each
        for each in snapshot.looks
    )
    interpreter = replace(manifest.interpreter, path=str(Path(str(SANDBOX), *python.parts[-3:])))
    return replace(
        observed,
        manifest=replace(manifest, interpreter=interpreter, endpoints=tuple(endpoints)),
        snapshot=replace(snapshot, looks=looks),
    )


def row_of(choice: Choice, minor: str) -> tuple[Requirement, ...]:
    """The newest row, as pins, of the matrix that is named, else of the first stack there was.

    Raises:
        UsageError: none of its rows holds on this Python.
    """
    from stackaudit.lab.rows import newest_row

    known = choice.known()
    matrix = next((each for each in known if each.name == FIRST), known[0])
    row = newest_row(matrix, minor)
    if not row:
        raise UsageError(
            f"matrix {matrix.name} has no row for Python {minor}", hint="choose another with --python-version"
        )
    return _pins(matrix, row)


def _pins(matrix: Matrix, row: Sequence[str]) -> tuple[Requirement, ...]:
    from packaging.requirements import Requirement as Line

    where = Place(path=f"matrix {matrix.name}")
    lines = [Line(text) for text in row]
    return tuple(
        Requirement(
            name=canonicalize_name(line.name),
            specifier=line.specifier,
            pin=pin_of(line.specifier),
            extras=tuple(sorted(line.extras)),
            where=where,
            marker=str(line.marker) if line.marker else None,
        )
        for line in lines
    )


def line_of(requirement: Requirement) -> str:
    """`requirement` as an installer takes it.

    Raises:
        InputError: it comes from a URL or path, which a sandbox does not fetch.
    """
    if requirement.source is not None:
        message = f"{requirement.name} comes from {requirement.source}: a sandbox installs from the index alone"
        raise InputError(
            [Fault(where=requirement.where, message=message, hint="pin a released version of it for the sandbox")]
        )
    extras = f"[{','.join(requirement.extras)}]" if requirement.extras else ""
    marker = f" ; {requirement.marker}" if requirement.marker else ""
    return f"{requirement.name}{extras}{requirement.specifier}{marker}"
