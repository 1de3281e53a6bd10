"""Judges what a document says of its packages by their published metadata: what requires what, and what goes together."""

import re
from collections.abc import Callable, Iterator

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from stackaudit.checks._document import UNSEEN, Held, claim_rule, false, open_, true
from stackaudit.checks._document_facts import METADATA, blind, requirements_on
from stackaudit.checks._document_world import World
from stackaudit.model.claims import DECLARED, Claim, ClaimKind
from stackaudit.model.facts.environment import Distribution
from stackaudit.model.facts.published import Published
from stackaudit.model.findings import Severity
from stackaudit.model.manifest import Manifest
from stackaudit.model.matrix import Note
from stackaudit.model.versions import parse_requirement, parse_version, pin_of, written


def _holder(world: World, name: str, version: str) -> tuple[str, Published | None]:
    """The version of package `name` that is meant, and its metadata: the one that is named, else the one that the document pins."""
    pinned = world.pinned(name)
    named = parse_version(version) if version else None
    meant = next((each for each in pinned if named is not None and parse_version(each) == named), None)
    if meant is None and version and named is not None:
        # A series (`5.4`) means the version of it that is pinned.
        meant = next((each for each in pinned if each.startswith(f"{version}.")), None)
        return (meant or version), world.published(name, meant or version)
    meant = meant or next(iter(pinned), "")
    return meant, world.published(name, meant)


@claim_rule(
    "DO301",
    "What is said to require a version does",
    kinds=[ClaimKind.REQUIRED],
    severity="high",
    reads=[Published],
    why="a version that nothing requires can be changed, and one that is taken for required is not: upgrades are planned by it",
    fix="say what the metadata say: which versions are admitted",
    source=METADATA,
)
def is_required(world: World, claim: Claim) -> Held | None:
    """Only a pin requires a version; a range that holds it merely admits it."""
    return _held_by_lines(world, claim, _require)


def _require(claim: Claim, lines: tuple[Requirement, ...], told: str) -> Held:
    pinned = parse_version(claim.version)
    if any(pin_of(each.specifier) == pinned for each in lines):
        return true(f"{told}: just that version")
    if _admit(lines, claim.version):
        return false(f"{told}: {claim.version} is admitted, not required")
    return false(f"{told}: {claim.version} is not even admitted")


def _held_by_lines(
    world: World, claim: Claim, decide: Callable[[Claim, tuple[Requirement, ...], str], Held]
) -> Held | None:
    """What `decide` makes of the lines by which the other package asks for the claim's, and of what they say in words."""
    version, holder = _holder(world, claim.other, claim.about)
    if holder is None:
        return _blind_on(world, claim, version)
    lines = requirements_on(world, holder, claim.name)
    if not lines:
        return false(f"{claim.other} {version} does not require {claim.name} at all")
    return decide(claim, lines, f"{claim.other} {version} asks for {_told(lines)}")


def _blind_on(world: World, claim: Claim, version: str) -> Held | None:
    """What is to be said where the metadata of the other package are not there."""
    if version in world.pinned(claim.other):
        return blind(world, claim.other, version)
    return open_(f"the document pins another {claim.other} than {version}, whose metadata were not asked for")


def _told(lines: tuple[Requirement, ...]) -> str:
    return " and ".join(f"{canonicalize_name(each.name)}{written(each.specifier)}" for each in lines)


def _admit(lines: tuple[Requirement, ...], version: str) -> bool:
    return all(each.specifier.contains(version, prereleases=True) for each in lines)


@claim_rule(
    "DO302",
    "What is said to depend on a package does",
    kinds=[ClaimKind.DEPENDENCY],
    severity="high",
    reads=[Published],
    why="a dependency that is none is kept for nothing, or explained by the wrong package",
    fix="say who really requires it",
    source=METADATA,
)
def depends(world: World, claim: Claim) -> Held | None:
    """Without any extra, on the document's Python; the version that is named must be admitted."""
    return _held_by_lines(world, claim, _depend)


def _depend(claim: Claim, lines: tuple[Requirement, ...], told: str) -> Held:
    return true(told) if _admit(lines, claim.version) else false(f"{told}, which {claim.version} is not")


@claim_rule(
    "DO306",
    "What is called compatible admits each other",
    kinds=[ClaimKind.COMPATIBLE],
    severity="medium",
    reads=[Published],
    why="the metadata of one rule the other out",
    fix="name versions that admit each other",
    source=METADATA,
)
def is_compatible(world: World, claim: Claim) -> Held | None:
    """By what each requires of the other, with its extras: those are there to bound what a package is used with."""
    version, other = _holder(world, claim.other, claim.about)
    own = world.published(claim.name, claim.version)
    if own is None:
        return blind(world, claim.name, claim.version)
    if other is None:
        return _blind_on(world, claim, version)
    bounds = [
        *((f"{claim.name} {claim.version}", each, version) for each in _any(own, claim.other)),
        *((f"{claim.other} {version}", each, claim.version) for each in _any(other, claim.name)),
    ]
    told = [f"{of} asks for {_told((each,))}" for of, each, _ in bounds]
    broken = [text for text, (_, each, against) in zip(told, bounds, strict=True) if not _admit((each,), against)]
    if broken:
        return false("; ".join(dict.fromkeys(broken)))
    return true("; ".join(dict.fromkeys(told))) if told else open_("neither's metadata name the other")


@claim_rule(
    "DO309",
    "Nothing is known against what is called compatible",
    kinds=[ClaimKind.COMPATIBLE],
    severity="low",
    reads=[],
    why="metadata that admit each other say nothing of how the two get on",
    fix="say what is known, and which version mends it",
)
def nothing_is_known(world: World, claim: Claim) -> Held | None:
    """By the notes of the matrix on either version that name the other."""
    for name, version, other in (
        (claim.name, claim.version, claim.other),
        (claim.other, _holder(world, claim.other, claim.about)[0], claim.name),
    ):
        for note in _notes_on(world, name, version):
            if re.search(rf"(?<![\w-]){re.escape(other)}(?![\w-])", note.text, re.IGNORECASE):
                return false(f"{name} {version}: {note.text}", source=note.source)
    return None


def _notes_on(world: World, name: str, version: str) -> Iterator[Note]:
    entry = world.case.matrix.package(name) if world.case.matrix is not None else None
    parsed = parse_version(version)
    for note in entry.notes if entry is not None and parsed is not None else ():
        if note.versions.contains(version, prereleases=True):
            yield note


def _any(release: Published, name: str) -> list[Requirement]:
    found = filter(None, map(parse_requirement, release.requires))
    return [each for each in found if canonicalize_name(each.name) == name]


def _with_environment(manifest: Manifest) -> str | None:
    return None if manifest.interpreter is not None else "no environment is named"


@claim_rule(
    "DO307",
    "What the document names is installed at that version",
    kinds=[ClaimKind.PIN],
    severity="medium",
    reads=[Distribution],
    why="the document is about another stack than the one that runs",
    fix="install what the document names, or write it anew",
    asked_by=_with_environment,
)
def is_installed(world: World, claim: Claim) -> Held | None:
    """Only where an environment is named."""
    if claim.about == DECLARED:
        return None
    if not world.case.snapshot.looked_for(Distribution.__name__):
        return UNSEEN
    installed = world.installed(claim.name)
    if not installed:
        return false(f"{claim.name} is not installed", severity=Severity.MEDIUM)
    same = parse_version(claim.version) in map(parse_version, installed)
    return (true if same else false)(f"{claim.name} {', '.join(installed)} is installed")
