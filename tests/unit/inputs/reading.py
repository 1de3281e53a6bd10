"""Words that the tests of the readers share."""

from pathlib import Path

from packaging.markers import Marker

from stackaudit.inputs._declared import Declared
from stackaudit.model.errors import Fault
from stackaudit.model.manifest import Requirement

PROJECTS = Path(__file__).parents[2] / "projects"


def pins(declared: Declared) -> dict[str, str | None]:
    """The pins by name."""
    return {each.name: None if each.pin is None else str(each.pin) for each in declared.requirements}


def one(declared: Declared, name: str) -> Requirement:
    """The one requirement on `name`."""
    (found,) = [each for each in declared.requirements if each.name == name]
    return found


def told(faults: tuple[Fault, ...]) -> list[str]:
    """The faults as a user sees them."""
    return [str(each) for each in faults]


def places(faults: tuple[Fault, ...]) -> list[str]:
    """Where the faults stand."""
    return [str(each.where) for each in faults]


def on_python(declared: Declared, version: str, platform: str = "linux") -> dict[str, str]:
    """The pins that apply on this Python and platform."""
    environment = {
        "python_version": ".".join(version.split(".")[:2]),
        "python_full_version": version,
        "sys_platform": platform,
        "platform_system": {"linux": "Linux", "win32": "Windows"}[platform],
    }
    return {
        each.name: str(each.pin)
        for each in declared.requirements
        if each.marker is None or Marker(each.marker).evaluate(environment)
    }
