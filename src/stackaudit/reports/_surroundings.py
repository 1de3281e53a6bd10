"""What surrounds the stack: environment variables, and what images say of their Python."""

from collections.abc import Iterator

from stackaudit.model.audit import Audit
from stackaudit.model.facts.deployment import Variable


def variables(audit: Audit) -> Iterator[tuple[str, ...]]:
    """The variables that are set: name, who reads it, where, and whether it names the declared broker."""
    agreeing = {True: "the broker that is declared", False: "another broker than the declared one"}
    for each in audit.case.facts(Variable):
        readers = ", ".join(each.readers) or f"nothing that was found in {', '.join(each.searched) or 'no source'}"
        said = agreeing[each.agrees] if each.agrees is not None else "-"
        yield each.name, readers, each.note or "-", said


def images(audit: Audit) -> Iterator[tuple[str, str]]:
    """What Dockerfiles say of the Python in their images: where, and what."""
    for each in audit.case.manifest.pythons:
        if "dockerfile" in each.where.path.lower():
            yield str(each.where), each.text


def unseen_images(audit: Audit) -> Iterator[tuple[str, str, str]]:
    """That nothing is known of images, where nothing is: check, subject, why."""
    if not any(True for _ in images(audit)):
        yield "-", "container images", "no Dockerfile that names a Python was read, so nothing is said of images"
