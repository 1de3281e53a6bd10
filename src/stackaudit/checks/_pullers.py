"""Who pulls a package in: what was asked for, and the path from there, by what is installed or by what a lock says."""

import contextlib
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet

from packaging.markers import UndefinedEnvironmentName
from packaging.utils import canonicalize_name

from stackaudit.model.audit import Case
from stackaudit.model.facts.environment import Distribution
from stackaudit.model.facts.published import Resolution
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
        needing = {name: each for name, each in installed.items() if each[0]}
        plain = {name: _required(requires, ("",), environment) for name, (requires, _) in needing.items()}
        every = {name: _required(requires, ("", *extras), environment) for name, (requires, extras) in needing.items()}
        required = {name for names in plain.values() for name in names}
        declared = {each.name for each in case.requirements if each.direct}
        self._roots = declared & installed.keys() or installed.keys() - required
        self._plain, self._all = _shortest(self._roots, plain), _shortest(self._roots, every)
        self._declared: dict[str, bool] = {each.name: each.name in declared for each in case.requirements}
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
        return self._plain.get(name) or self._all.get(name, ())


def paths_in(case: Case, fresh: Resolution) -> Mapping[str, tuple[str, ...]]:
    """Of every package of `fresh` that nobody asked for, the path from one that was asked for, as `Pullers.path_to` has it.

    Empty where the installer did not say who requires whom.
    """
    required: dict[str, list[str]] = {}
    for name, holders in fresh.required_by:
        for each in holders:
            required.setdefault(each, []).append(name)
    return _shortest({each.name for each in case.requirements} & {name for name, _ in fresh.packages}, required)


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


def _shortest(roots: AbstractSet[str], required: Mapping[str, Sequence[str]]) -> dict[str, tuple[str, ...]]:
    """Of every package that is no root and that a path leads to, the path: found for all at once, since a lock has thousands."""
    found: dict[str, tuple[str, ...]] = {}
    paths: list[tuple[str, ...]] = [(root,) for root in sorted(roots & required.keys())]
    while paths:
        following = []
        for path in paths:
            for each in required.get(path[-1], ()):
                if each not in roots and each not in found:
                    found[each] = path
                    following.append((*path, each))
        paths = following
    return found
