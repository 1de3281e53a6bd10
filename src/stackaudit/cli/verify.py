"""`stackaudit verify`: each claim of an existing document, held against the index, the metadata, the advisories and the environment."""

import os
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stackaudit.cli import _audit_options as shared
from stackaudit.cli.check import split
from stackaudit.cli.exits import interruptible

if TYPE_CHECKING:
    from stackaudit.audit import Progress
    from stackaudit.inputs.settings import Settings
    from stackaudit.model.audit import Audit, Case, Judgment, Policy
    from stackaudit.model.claims import Claim
    from stackaudit.model.manifest import Manifest, Requirement, SettingValue
    from stackaudit.model.snapshot import Snapshot

HELP = "Hold an audit document (Markdown) against reality: every claim true, false, unknown or not to be checked, with its line."


@interruptible
def verify(  # noqa: PLR0913 - a command's options are its parameters
    document: Annotated[Path, typer.Argument(metavar="DOCUMENT", help="The Markdown document.")],
    *,
    matrix: shared.Matrix = None,
    python: Annotated[
        str | None, typer.Option(metavar="PATH", help="Hold the document's versions against this environment too.")
    ] = None,
    fail_on: shared.FailOn = None,
    allow_unknown: shared.AllowUnknown = None,
    ignore: shared.Ignore = None,
    timeout: shared.Timeout = None,
    advisories: shared.Advisories = None,
    offline: Annotated[
        bool, typer.Option("--offline", help="Ask only loopback services: what needs the index is unknown.")
    ] = False,
    engine: shared.Engine = None,
    format_: shared.Format = "text",
    output: shared.Output = None,
    exit_zero: shared.ExitZero = False,
    quiet: shared.Quiet = 0,
    verbose: shared.Verbose = 0,
    color: shared.Color = "auto",
    no_progress: shared.NoProgress = False,
) -> None:
    """Read the document, ask, judge, tell, and exit with the verdict's status."""
    from stackaudit.cli import telling
    from stackaudit.cli.choosing import policy_of
    from stackaudit.inputs.settings import resolve

    printing = telling.Printing(
        format=format_,
        outputs=tuple(output or ()),
        color=color,
        no_progress=no_progress,
        quiet=quiet,
        verbose=verbose,
        exit_zero=exit_zero,
        title=f"Verifying {document}",
        keeps=False,
    )
    telling.refuse_bad(printing)
    options: dict[str, SettingValue] = {
        "matrix": matrix,
        "python": python,
        "fail-on": fail_on,
        "allow-unknown": split(allow_unknown),
        "ignore": split(ignore),
        "timeout": timeout,
        "advisories": advisories,
        "offline": offline or None,
        "engine": engine,
    }
    settings = resolve(options, os.environ, Path.cwd())
    policy = policy_of(settings.without("gate"), Path.cwd())
    judged = _audited(document, settings, policy, progress=printing.progress)
    telling.tell(judged, policy, printing)
    raise typer.Exit(printing.status(judged.verdict))


def _audited(document: Path, settings: "Settings", policy: "Policy", *, progress: bool) -> "Audit":
    """The document's claims, held against what can be seen of the world."""
    from stackaudit.checks._document_check import CHECK
    from stackaudit.cli.choosing import choose, fitting_matrix
    from stackaudit.cli.progress import live
    from stackaudit.gate.verdict import gated
    from stackaudit.gate.waivers import waive
    from stackaudit.model.audit import Case

    folder = Path.cwd()
    manifest = _manifest(document, settings, folder)
    matrix = fitting_matrix(replace(choose(settings, folder), checks=(CHECK,)), manifest, None)
    started = datetime.now(UTC)
    with live(wanted=progress) as tick:
        snapshot = _gathered(manifest, settings, started, tick)
    case = Case(manifest=manifest, snapshot=snapshot, matrix=matrix, today=started.date())
    judgments = waive(_judged(case), policy, case)
    return gated(case, judgments, policy, started_at=started, finished_at=datetime.now(UTC))


def _manifest(document: Path, settings: "Settings", folder: Path) -> "Manifest":
    """The document's claims, its pins as the requirements, and its Python as the one that they are for.

    Raises:
        InputError: the document can't be read, or names no package at a version.
    """
    from stackaudit.inputs import documents
    from stackaudit.inputs.declare import Call, find_interpreter, for_probes
    from stackaudit.model.claims import ClaimKind
    from stackaudit.model.manifest import Manifest, Setting

    claims = documents.read(document, folder)
    named = settings.text("python") is not None
    declared = tuple(each for each in for_probes(settings) if each.name != "python_version")
    python = next(
        (each for each in claims if each.kind in {ClaimKind.PYTHON, ClaimKind.SUPPORTED} and each.about), None
    )
    version = () if python is None else (Setting(name="python_version", value=python.about, where=python.where),)
    return Manifest(
        requirements=tuple(_requirement(each) for each in claims if each.kind is ClaimKind.PIN),
        settings=(*declared, *version),
        interpreter=find_interpreter(settings, Call(folder=folder, environ=os.environ)) if named else None,
        sources=(str(document),),
        claims=claims,
    )


def _requirement(claim: "Claim") -> "Requirement":
    from packaging.specifiers import SpecifierSet
    from packaging.utils import canonicalize_name

    from stackaudit.model.manifest import Requirement
    from stackaudit.model.versions import parse_version

    version = parse_version(claim.version)
    specifier = SpecifierSet() if version is None else SpecifierSet(f"=={version}")
    return Requirement(name=canonicalize_name(claim.name), specifier=specifier, pin=version, where=claim.where)


def _gathered(manifest: "Manifest", settings: "Settings", started: datetime, tick: "Progress") -> "Snapshot":
    from stackaudit import sockets
    from stackaudit.audit import gather
    from stackaudit.checks._document_check import CHECK
    from stackaudit.model.deadline import Deadline

    deadline = Deadline(settings.number("timeout"))
    return gather(manifest, sockets.needed((CHECK,), manifest), deadline, started, tick)


def _judged(case: "Case") -> "tuple[Judgment, ...]":
    from stackaudit import sockets
    from stackaudit.audit import judge
    from stackaudit.checks._document import with_evidence
    from stackaudit.checks._document_check import CHECK

    rules = sockets.rules_of(CHECK)
    return tuple(replace(each, findings=with_evidence(each.findings, rules, case)) for each in judge(case, (CHECK,)))
