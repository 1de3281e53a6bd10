"""Judges whether the installed wheels were built for the target's Python, where pip check, which tells it too, is not run."""

from collections.abc import Iterator

from stackaudit.model.audit import Case
from stackaudit.model.facts.environment import Build
from stackaudit.model.findings import Finding
from stackaudit.model.manifest import Manifest
from stackaudit.model.parts import Rule, rule


def by_us(manifest: Manifest) -> str | None:
    """Not where pip itself tells it."""
    return None if manifest.native else "pip check tells it"


@rule(
    "DC205",
    "Every package is built for this platform",
    severity="high",
    reads=[Build],
    asked_by=by_us,
    why="its compiled parts can't be loaded: it was copied from another machine, or the Python was changed under it",
    fix="install it again with this Python's own installer",
    source="https://packaging.python.org/en/latest/specifications/platform-compatibility-tags/",
)
def built_for_here(rule: Rule, case: Case) -> Iterator[Finding]:
    """The tags of each WHEEL file against those that the target's Python takes; pip check says the same."""
    for each in case.facts(Build):
        if not each.fits:
            message = f"{each.name} {each.version} is built for {', '.join(each.tags) or 'nothing that it names'}, not for this Python"
            yield rule.fails(each.subject, message, where=case.place_of(each.name, each.version))
