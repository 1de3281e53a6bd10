"""Which requirements apply to the target: PEP 508 markers, evaluated for its Python and not for the tool's."""

from functools import lru_cache

from stackaudit.model.facts.environment import InterpreterFact
from stackaudit.model.manifest import Manifest, Requirement
from stackaudit.model.versions import newest_patch


def environment_of(manifest: Manifest, interpreter: InterpreterFact | None) -> dict[str, str]:
    """The marker environment of the target: its interpreter's own where it was seen.

    With requirement files alone it is this machine's, with the Python of setting `python_version` where that is set.
    """
    if interpreter is not None:
        return dict(interpreter.markers)
    from packaging.markers import default_environment

    environment = {name: str(value) for name, value in default_environment().items()}
    version = manifest.text("python_version")
    if version is not None:
        minor = ".".join(version.split(".")[:2])
        environment["python_version"] = minor
        environment["python_full_version"] = version if version.count(".") > 1 else str(newest_patch(minor))
    return environment


@lru_cache(maxsize=16384)
def _holds(marker: str, environment: tuple[tuple[str, str], ...]) -> bool:
    from packaging.markers import Marker

    return Marker(marker).evaluate({"extra": "", **dict(environment)})


def applying(manifest: Manifest, interpreter: InterpreterFact | None) -> tuple[Requirement, ...]:
    """The declared requirements that are for the target, in their order."""
    if all(each.marker is None for each in manifest.requirements):
        return manifest.requirements
    environment = tuple(sorted(environment_of(manifest, interpreter).items()))
    return tuple(each for each in manifest.requirements if each.marker is None or _holds(each.marker, environment))
