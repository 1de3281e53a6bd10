"""Says which version clears an advisory, and whether that goes with the rest of the stack by the matrix."""

from packaging.specifiers import SpecifierSet

from stackaudit.checks._row import Row
from stackaudit.model.facts.advised import Advisory, Answered
from stackaudit.model.versions import parse_version


def clearing(here: Row | None, fact: Answered, advisory: Advisory) -> str:
    """The smallest step that clears `advisory`; where the matrix speaks of the package, one that goes with the others, and why not less."""
    name, current = fact.name, parse_version(fact.version)
    fixes = [each for each in map(parse_version, advisory.fixed_in) if each is not None]
    newer = sorted(each for each in fixes if current is not None and each > current)
    if not newer:
        return f"no newer version of {name} is known to be fixed: read the advisory, replace the package, or waive it"
    first = newer[0]
    if here is None or here.matrix.package(name) is None or here.no_worse(name, first):
        return f"{name}>={first}"
    moved = here.at(name, first)
    listed = moved.range_of(name) is not None
    but = f"does not go with the other versions in the matrix {here.matrix.name}"
    hurdle = but if listed else f"is not in the matrix {here.matrix.name}"
    later = next((each for each in newer if here.no_worse(name, each)), None)
    later = later or here.newest_fitting(name, within=SpecifierSet(f">={newer[-1]}"))
    if later is not None:
        return f"pin {name}=={later}: {first} clears this too, but {hurdle}"
    other = _other(moved, name) if listed else None
    if other is not None:
        return f"pin {name}=={first} and {other}: alone, {name} {first} {but}"
    return f"{name} {first} clears this, but {hurdle}, nor is there a later one that fits: move several together, or waive it"


def _other(moved: Row, name: str) -> str | None:
    """The one other pin to raise so that package `name` goes with all in the row `moved`, or None."""
    for entry in moved.matrix.packages:
        current = moved.versions.get(entry.name)
        if entry.name == name or current is None or moved.fits(entry.name):
            continue
        version = moved.newest_fitting(entry.name, within=SpecifierSet(f">={current}"))
        if version is not None and moved.at(entry.name, version).fits(name):
            return f"{entry.name}=={version}"
    return None
