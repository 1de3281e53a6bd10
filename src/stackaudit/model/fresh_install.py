"""What of a project's declared files is open: there an install on a fresh machine may give something else each day."""

from itertools import chain

from stackaudit.model.manifest import Manifest

OFFLINE = "offline: what a fresh install gives today is not asked"
"""Why an index is not asked where a user allows no connection: told, since it could be known."""


def why_not_asked(manifest: Manifest) -> str | None:
    """Why there is no fresh install to ask about, or None where there is one."""
    if manifest.sandbox:
        return "a sandbox is a fresh install itself"
    if not open_files(manifest):
        return "no declared file leaves anything open"
    return OFFLINE if manifest.flag("offline") else None


def open_files(manifest: Manifest) -> tuple[str, ...]:
    """The declared files that ask for packages and do not list all that an install gives, in their order."""
    left = set(manifest.sources).difference(manifest.terms.closed)
    asking: set[str] = set()
    for place in chain((each.where for each in manifest.requirements), manifest.unnamed):
        asking.add(place.path)
        # Of a long file the first line tells it: this is asked again and again.
        if left and asking.issuperset(left):
            break
    found = [each for each in manifest.sources if each in left and each in asking]
    # A line that constraints made a pin of stands where the constraint does: the file that asks is named all the same.
    return tuple(found) or tuple(sorted(asking.difference(manifest.terms.closed)))
