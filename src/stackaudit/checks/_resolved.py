"""What a fresh install gives, where that was asked."""

from stackaudit.model.audit import Case
from stackaudit.model.facts.published import Resolution
from stackaudit.model.places import Place


def resolved(case: Case) -> Resolution | None:
    """What a fresh install gives, or None: not asked, not seen, or refused."""
    return next((each for each in case.facts(Resolution) if each.packages), None)


def first_place(case: Case, path: str) -> Place:
    """Where the file at `path` asks for the first package: annotations want a line."""
    return next((each.where for each in case.requirements if each.where.path == path), Place(path=path))
