"""What surrounds the stack: environment variables, containers, and what images say of their Python."""

from collections.abc import Iterator

from stackaudit.model.audit import Audit
from stackaudit.model.deployment import Container, Said
from stackaudit.model.facts.deployment import Variable


def variables(audit: Audit) -> Iterator[tuple[str, ...]]:
    """The variables that are set: name, who reads it, where, and whether it names the declared broker."""
    agreeing = {True: "the broker that is declared", False: "another broker than the declared one"}
    for each in audit.case.facts(Variable):
        readers = ", ".join(each.readers) or f"nothing that was found in {', '.join(each.searched) or 'no source'}"
        said = agreeing[each.agrees] if each.agrees is not None else "-"
        yield each.name, readers, each.note or "-", said


def declared(audit: Audit) -> Iterator[tuple[str, str, str]]:
    """The variables that the project's files set, never their values: name, what gets it, where."""
    told = {(each.name, each.holder, str(each.where)) for each in audit.case.manifest.deployment.all_variables()}
    yield from sorted(told)


def containers(audit: Audit) -> Iterator[tuple[str, ...]]:
    """The containers as their files declare them: name, image under it, user, start, time to stop, ffmpeg programs put in, where."""
    for each in audit.case.manifest.deployment.containers:
        grace = f"{each.grace:g} s" if each.grace is not None else "not said"
        yield each.name, _said(each.base), _said(each.user), _start(each), grace, _programs(each), str(each.where)


def _said(said: Said | None) -> str:
    return "not said" if said is None else said.text or "known to the build alone"


def _start(container: Container) -> str:
    start = container.start
    return "not said" if start is None else f"{start.runs or 'another program'}, first process: {start.form.value}"


def _programs(container: Container) -> str:
    if container.programs:
        return ", ".join(container.programs)
    return f"not told before {container.opaque}" if container.opaque is not None else "none seen"


def images(audit: Audit) -> Iterator[tuple[str, str]]:
    """What Dockerfiles say of the Python in their images: where, and what."""
    for each in audit.case.manifest.pythons:
        if "dockerfile" in each.where.path.lower():
            yield str(each.where), each.text


def unseen_images(audit: Audit) -> Iterator[tuple[str, str, str]]:
    """That nothing is known of images, where nothing is: check, subject, why."""
    if not any(True for _ in images(audit)) and not any(True for _ in containers(audit)):
        yield "-", "container images", "no Dockerfile was read, so nothing is said of images"
