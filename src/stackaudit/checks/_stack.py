"""The stack of one case as a row of its matrix, and how findings name its packages."""

from collections.abc import Collection, Iterable
from dataclasses import replace

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from stackaudit.checks._resolved import resolved
from stackaudit.checks._row import InUse, Row
from stackaudit.model.audit import Case, Package
from stackaudit.model.facts.environment import Distribution
from stackaudit.model.markers import environment_of
from stackaudit.model.matrix import Matrix
from stackaudit.model.versions import parse_version

_TRANSPORTS = {"redis": "redis", "rediss": "redis", "sentinel": "redis"}
"""The extra that a broker URL's scheme puts to use."""


def row(case: Case) -> Row | None:
    """The row of `case`; None where there is no matrix, or an environment whose Python could not be seen."""
    if case.matrix is None or (case.manifest.interpreter is not None and case.interpreter is None):
        return None
    versions = {each.name: parse_version(each.version) for each in case.packages()}
    return Row(
        matrix=case.matrix,
        versions={name: version for name, version in versions.items() if version is not None},
        environment=environment_of(case.manifest, case.interpreter),
        extras=extras_in(case, case.matrix, {each.name for each in case.packages()}),
        whole=_is_whole(case),
    )


def fresh_row(case: Case) -> Row | None:
    """The row of what a fresh install gives; None where nobody asked, or there is no answer."""
    here, resolution = row(case), resolved(case)
    if here is None or resolution is None:
        return None
    versions = {str(name): parse_version(version) for name, version in resolution.packages}
    return replace(
        here,
        versions={name: version for name, version in versions.items() if version is not None},
        extras=extras_in(case, here.matrix, frozenset(versions)),
        whole=True,
    )


def _is_whole(case: Case) -> bool:
    """Whether all packages of an environment were seen; requirement files do not say what their pins pull in."""
    wanted = frozenset({Distribution.__name__})
    if case.manifest.interpreter is None or not case.snapshot.looked_for(Distribution.__name__):
        return False
    return not any(True for _ in case.snapshot.unseen(wanted))


def extras_in(case: Case, matrix: Matrix, names: Collection[str]) -> tuple[InUse, ...]:
    """The extras that the files ask for, and those that the broker, or where none is known the packages there (`names`), put to use."""
    users = {
        extra: [each.name for each in matrix.packages if extra in each.extras]
        for entry in matrix.packages
        for extra in entry.extras
    }
    asked = [
        InUse(name=each.name, extra=extra, declared=True, because=f"{each.where} asks for {each.name}[{extra}]")
        for each in case.requirements
        for extra in each.extras
    ]
    broker = case.manifest.endpoint("broker")
    scheme = broker.scheme if broker is not None else None
    found = list(asked)
    for entry in matrix.packages:
        for extra in entry.extras:
            same = next((each.because for each in asked if each.extra == extra and each.name in users[extra]), None)
            if scheme is not None and _TRANSPORTS.get(scheme) == extra:
                because = f"the broker is {scheme}://"
            elif same is not None:
                because = same
            elif scheme is None and extra in names:
                because = f"{extra} is part of this stack"
            else:
                continue
            found.append(InUse(name=entry.name, extra=extra, declared=False, because=because))
    return tuple(found)


def stack_package(case: Case, name: str) -> Package | None:
    """The package called `name` in the audited closure, or None."""
    return next((each for each in case.packages() if each.name == name), None)


def surely_absent(case: Case, name: str) -> bool:
    """Whether package `name` is certainly not in the audited environment.

    Requirement files do not say what their pins pull in, and what could not be read may be there.
    """
    if case.manifest.interpreter is None or not case.snapshot.looked_for(Distribution.__name__):
        return False
    hidden = [unseen.subject for _, unseen in case.snapshot.unseen(frozenset({Distribution.__name__}))]
    if any(not subject or canonicalize_name(subject.partition("==")[0]) == name for subject in hidden):
        return False
    return stack_package(case, name) is None


def subject_of(case: Case, name: str) -> str:
    """`name==version` where package `name` is in the audited closure, else the name."""
    package = stack_package(case, name)
    return package.subject if package is not None else name


def asked(case: Case, name: str) -> SpecifierSet:
    """All the bounds that the declared files put on package `name`."""
    found = SpecifierSet()
    for each in case.requirements_of(name):
        found &= each.specifier
    return found


def about_covered(case: Case) -> Iterable[str]:
    """The stack's packages whose versions lie in a range of the matrix: those whose bounds are known."""
    here = row(case)
    return [subject_of(case, entry.name) for entry, _, _ in here.covered()] if here is not None else []
