"""Judges the Pythons that a document ticks: whether the releases admit them, name them, and whether they still get fixes."""

from packaging.specifiers import SpecifierSet

from stackaudit.checks._document import UNSEEN, Held, claim_rule, false, open_, true
from stackaudit.checks._document_facts import METADATA
from stackaudit.checks._document_world import World
from stackaudit.model.claims import Claim, ClaimKind
from stackaudit.model.facts.published import Published
from stackaudit.model.versions import newest_patch


@claim_rule(
    "DO303",
    "A Python that is ticked is admitted",
    kinds=[ClaimKind.ADMITTED, ClaimKind.NAMED, ClaimKind.SUPPORTED],
    severity="high",
    reads=[Published],
    why="no installer takes the release on that Python",
    fix="take the tick away, or name the release that is for that Python",
    source=METADATA,
)
def is_admitted(world: World, claim: Claim) -> Held | None:
    """By the release's Requires-Python; a claim about all packages holds where each of them is admitted."""
    found = _about(world, claim)
    if any(each is None for _, each in found):
        return UNSEEN
    refusing = [
        f"{of} requires Python {each.requires_python}"
        for of, each in found
        if each is not None and not _takes(each, claim.about)
    ]
    if refusing:
        return false("; ".join(refusing))
    bounds = "; ".join(
        f"{of} {f'requires Python {each.requires_python}' if each.requires_python else 'names no bound'}"
        for of, each in found
        if each is not None
    )
    return true(bounds) if found else None


def _about(world: World, claim: Claim) -> list[tuple[str, Published | None]]:
    """The releases that a claim is about, each with its metadata: its own, or all that the document pins."""
    claims = (claim,) if claim.name else world.pins
    named = [(each.name, each.version) for each in claims if not _is_missing(world, each.name, each.version)]
    return [(f"{name} {version}", world.published(name, version)) for name, version in named]


def _is_missing(world: World, name: str, version: str) -> bool:
    """Whether the index was seen not to have it, which is another rule's to say."""
    return world.history(name) is not None and world.upload(name, version) is None


def _takes(release: Published, python: str) -> bool:
    return SpecifierSet(release.requires_python or "").contains(newest_patch(python), prereleases=True)


@claim_rule(
    "DO304",
    "A Python that is called supported is one that the release names",
    kinds=[ClaimKind.NAMED, ClaimKind.SUPPORTED],
    severity="low",
    reads=[Published],
    why="that an installer takes it is all that is known: its makers do not say that they tested it there",
    fix="say that it is admitted, and what you ran on it yourself",
    source="https://packaging.python.org/en/latest/specifications/core-metadata/#classifier-multiple-use",
)
def is_named(world: World, claim: Claim) -> Held | None:
    """By the release's classifiers; one that names no Python at all tells nothing."""
    found = _about(world, claim)
    if any(each is None for _, each in found):
        return UNSEEN
    seen = [(of, each) for of, each in found if each is not None and _takes(each, claim.about)]
    silent = [of for of, each in seen if not each.pythons]
    lacking = [
        f"the classifiers of {of} name {each.pythons[0]} to {each.pythons[-1]}"
        for of, each in seen
        if each.pythons and claim.about not in each.pythons
    ]
    if lacking:
        return false(f"{'; '.join(lacking)}: not {claim.about}")
    if not seen:
        return None
    if silent:
        return open_(f"{', '.join(silent)}: the classifiers name no Python")
    return true(f"the classifiers of {', '.join(of for of, _ in seen)} name Python {claim.about}")


@claim_rule(
    "DO305",
    "A Python that is called supported still gets fixes",
    kinds=[ClaimKind.SUPPORTED],
    severity="low",
    reads=[],
    why="a Python without support gets no fixes for its own vulnerabilities",
    fix="say until when it is supported",
    source="https://devguide.python.org/versions/",
)
def is_supported(world: World, claim: Claim) -> Held | None:
    """By the matrix, on the document's date and today."""
    branch = world.case.matrix.python(claim.about) if world.case.matrix is not None else None
    if branch is None or branch.end_of_life is None:
        return None
    until = branch.end_of_life
    if until >= world.case.today:
        return true(f"Python {claim.about} is supported until {until}")
    then = "" if claim.on is None else f"; on {claim.on} it {'was' if claim.on <= until else 'had ended already'}"
    message = f"the support of Python {claim.about} ended on {until}{then.replace('it was', 'it still had it')}"
    return false(message, cause=message, source=branch.source)


@claim_rule(
    "DO308",
    "A table of Pythons leaves out none that its packages admit",
    kinds=[ClaimKind.COVERED],
    severity="low",
    reads=[Published],
    why="whoever reads it takes a Python that works as well for one that does not, and stays on the older one",
    fix="add the Pythons that are missing, with what was tried on them",
    source=METADATA,
)
def is_complete(world: World, claim: Claim) -> Held | None:
    """By the Pythons of the matrix that were released, and not ended, on the document's day, or today where it has none."""
    matrix, day = world.case.matrix, claim.on or world.case.today
    if matrix is None:
        return open_("no matrix was found for its packages: which Pythons there are is in one")
    there = [
        each.name
        for each in matrix.pythons
        if each.released is not None and each.released <= day and not each.ended(day)
    ]
    left = [each for each in there if each not in claim.about.split(",")]
    found = _about(world, claim)
    if left and any(each is None for _, each in found):
        return UNSEEN
    admitted = [each for each in left if all(release is not None and _takes(release, each) for _, release in found)]
    if admitted:
        return false(f"all {len(found)} packages admit Python {', '.join(admitted)} too")
    return true(
        f"of the Pythons supported on {day}, {', '.join(there)}, it leaves out none that all its packages admit"
    )
