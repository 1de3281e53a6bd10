"""Who pulls a package in: what was asked for, and the path from there, by what is installed or by what a lock says."""

import contextlib
from collections.abc import Iterable, Mapping, Sequence

from packaging.markers import UndefinedEnvironmentName
from packaging.utils import canonicalize_name

from stackaudit.model.audit import Case
from stackaudit.model.facts import Distribution
from stackaudit.model.markers import environment_of
from stackaudit.model.versions import parse_requirement


class Pullers:
    """Who requires whom in the audited environment, or with none in the locks."""

    def __init__(self, case: Case) -> None:
        environment = environment_of(case.manifest, case.interpreter)
        installed: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}
        if case.manifest.interpreter is not None:
            installed = {each.name: (each.requires, each.provides) for each in case.facts(Distribution)}
        else:
            for one in case.requirements:
                # Several forks of one package stand in a lock: whatever any of them needs.
                installed[one.name] = ((*installed.get(one.name, ((), ()))[0], *one.requires), ())
        self._plain: dict[str, tuple[str, ...]] = {
            name: _required(requires, ("",), environment) for name, (requires, _) in installed.items()
        }
        self._all: dict[str, tuple[str, ...]] = {
            name: _required(requires, ("", *extras), environment) for name, (requires, extras) in installed.items()
        }
        required = {name for names in self._plain.values() for name in names}
        declared = {each.name for each in case.requirements if each.direct}
        self._roots = sorted(declared & installed.keys() or installed.keys() - required)

        self._declared: dict[str, bool] = {
            each.name: any(one.direct for one in case.requirements_of(each.name)) for each in case.requirements
        }
        self._environment = case.manifest.interpreter is not None

    def kind_of(self, name: str) -> str | None:
        """`direct` for what was asked for, `transitive` for what somebody else brings along; None where nobody can tell.

        With no environment the files say it: a lock lists what is somebody's dependency alone.
        """
        if not self._environment:
            direct = self._declared.get(name)
            return None if direct is None else "direct" if direct else "transitive"
        if name in self._roots:
            return "direct"
        return "transitive" if self.path_to(name) else None

    def path_to(self, name: str) -> tuple[str, ...]:
        """The names from a direct requirement to the package that requires `name`; empty for a direct one, or where nobody does.

        Of all paths the shortest, and of these the first by name; one through an extra only where there is no other.
        """
        return _shortest(self._roots, name, self._plain) or _shortest(self._roots, name, self._all)


def _required(requires: Iterable[str], extras: Sequence[str], environment: Mapping[str, str]) -> tuple[str, ...]:
    names = set()
    for line in requires:
        requirement = parse_requirement(line)
        if requirement is None:
            continue
        marker = requirement.marker
        with contextlib.suppress(UndefinedEnvironmentName):
            if marker is None or any(marker.evaluate({**environment, "extra": extra}) for extra in extras):
                names.add(canonicalize_name(requirement.name))
    return tuple(sorted(names))


def _shortest(roots: Iterable[str], name: str, required: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    paths: list[tuple[str, ...]] = [(root,) for root in roots]
    if (name,) in paths:
        return ()
    seen = {path[-1] for path in paths}
    while paths:
        following = []
        for path in paths:
            for each in required.get(path[-1], ()):
                if each == name:
                    return path
                if each not in seen:
                    seen.add(each)
                    following.append((*path, each))
        paths = following
    return ()
