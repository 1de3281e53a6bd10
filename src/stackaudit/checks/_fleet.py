"""The version sets of a fleet as rules look at them: who runs what, and what is declared for them."""

from collections.abc import Iterator, Sequence

from stackaudit.checks._row import Row
from stackaudit.checks._stack import extras_in
from stackaudit.model.audit import Case
from stackaudit.model.facts.fleet import VersionSet
from stackaudit.model.markers import environment_of
from stackaudit.model.versions import parse_version

STACK = ("amqp", "billiard", "celery", "kombu", "redis", "vine")
"""The packages that are told one by one where there is no matrix; the others are told together."""

_NAMED = 4
_SYSTEMS = {"linux": "Linux", "darwin": "Darwin"}


def sets(case: Case) -> tuple[VersionSet, ...]:
    """The version sets, the one that most workers run first."""
    return case.facts(VersionSet)


def named(nodes: Sequence[str]) -> str:
    """`a@host, b@host and 7 more`."""
    more = f" and {len(nodes) - _NAMED} more" if len(nodes) > _NAMED else ""
    return f"{', '.join(sorted(nodes)[:_NAMED])}{more}"


def minor(version: str) -> str:
    """`3.11` of `3.11.14`."""
    return ".".join(version.split(".")[:2])


def stack_names(case: Case) -> frozenset[str]:
    """The packages of the stack."""
    return frozenset(STACK) | {str(entry.name) for entry in (case.matrix.packages if case.matrix is not None else ())}


def running(case: Case) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Each package at each version that some worker runs, by name and version, with those workers."""
    found: dict[tuple[str, str], list[str]] = {}
    for each in sets(case):
        for package in each.packages:
            found.setdefault(package, []).extend(each.nodes)
    for (name, version), nodes in sorted(found.items()):
        yield name, version, tuple(sorted(nodes))


def subject(name: str, version: str) -> str:
    """How findings name a package at a version."""
    return f"{name}=={version}"


def environment(case: Case, of: VersionSet) -> dict[str, str]:
    """The marker environment of the workers of a set, as far as they tell it; the rest is this machine's."""
    found = environment_of(case.manifest, None)
    if of.python is not None:
        found |= {"python_version": minor(of.python), "python_full_version": of.python}
    if of.implementation is not None:
        found |= {
            "platform_python_implementation": of.implementation,
            "implementation_name": of.implementation.lower(),
        }
    if of.platform is not None:
        system, _, machine = of.platform.partition("-")
        found |= {"sys_platform": system, "platform_machine": machine}
        found |= {"platform_system": _SYSTEMS[system]} if system in _SYSTEMS else {}
    return found


def row_of(case: Case, of: VersionSet) -> Row | None:
    """A version set as a row of the matrix; None where there is no matrix, or no Python was told."""
    if case.matrix is None or of.python is None:
        return None
    versions = {name: parse_version(version) for name, version in of.packages}
    return Row(
        matrix=case.matrix,
        versions={name: version for name, version in versions.items() if version is not None},
        environment=environment(case, of),
        extras=extras_in(case, case.matrix, versions.keys()),
        whole=of.whole,
    )
