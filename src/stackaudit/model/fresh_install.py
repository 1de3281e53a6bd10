"""What of a project's declared files is open: there an install on a fresh machine may give something else each day."""

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
    asking = {each.where.path for each in manifest.requirements} | {each.path for each in manifest.unnamed}
    found = [each for each in manifest.sources if each in asking and each not in manifest.terms.closed]
    # A line that constraints made a pin of stands where the constraint does: the file that asks is named all the same.
    return tuple(found) or tuple(sorted(asking - set(manifest.terms.closed)))
