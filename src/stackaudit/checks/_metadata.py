"""What installed distributions ask for by their own metadata, and which of it the environment lacks. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TypeAlias

from packaging.markers import UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import Requirement
from packaging.utils import NormalizedName, canonicalize_name

from stackaudit.model.audit import Case
from stackaudit.model.facts.environment import Distribution
from stackaudit.model.markers import environment_of
from stackaudit.model.places import Place
from stackaudit.model.values import dataclass
from stackaudit.model.versions import admits, parse_requirement, written

Environment: TypeAlias = tuple[tuple[str, str], ...]
"""A marker environment, sorted: hashable, since the same few markers stand in many lines."""

Installed: TypeAlias = Mapping[NormalizedName, Sequence[Distribution]]
"""The installed distributions by name; more than one where a name has two metadata folders."""

FOR_DEVELOPERS = frozenset({"dev", "develop", "development", "doc", "docs", "lint", "test", "testing", "tests"})
"""Extras that serve work on the package itself; they count only where the project's own files ask for them."""

REDIS_SCHEMES = frozenset({"redis", "rediss", "sentinel"})
"""The broker URLs that make the code behind the `redis` extras of celery and kombu run, whether or not anybody asked for them by name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmet:
    """A requirement of `by` (of its extra `extra`, or of itself where that is empty) that the environment does not satisfy.

    `found` are the installed versions that do not satisfy it; empty where the package is missing.
    """

    by: Distribution
    extra: str
    requirement: Requirement
    found: tuple[str, ...]

    @property
    def needs(self) -> NormalizedName:
        """The normalized name of the package that is asked for."""
        return canonicalize_name(self.requirement.name)

    @property
    def wanted(self) -> str:
        """The requirement without its marker, such as `redis>=6.4.0,<9.0.0`."""
        return f"{self.requirement.name}{written(self.requirement.specifier)}"

    @property
    def asker(self) -> str:
        """Who asks, such as `kombu[redis] 5.7.0`."""
        return f"{self.by.name}[{self.extra}] {self.by.version}" if self.extra else f"{self.by.name} {self.by.version}"

    def __str__(self) -> str:
        state = f"{' and '.join(self.found)} is installed" if self.found else "it is not installed"
        return f"{self.asker} requires {self.wanted}, and {state}"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtraInUse:
    """An extra whose requirements should hold. `declared` is False where only a URL's scheme or another extra lets it be inferred.

    `where` is the place that brought it in, `via` the path from there, outermost first.
    """

    name: NormalizedName
    extra: NormalizedName
    declared: bool
    where: Place | None
    via: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """`kombu[redis]`."""
        return f"{self.name}[{self.extra}]"


@lru_cache(maxsize=65536)
def holds(line: str, environment: Environment, extra: str) -> bool:
    """Whether the marker of a Requires-Dist line holds for `extra` (empty: for the package itself); a line with no marker always does."""
    requirement = parse_requirement(line)
    if requirement is None:
        return False
    if requirement.marker is None:
        return True
    try:
        return requirement.marker.evaluate({**dict(environment), "extra": extra})
    except (UndefinedComparison, UndefinedEnvironmentName):
        # Nobody can tell whether it is wanted; to leave it out would be to call it satisfied.
        return True


def environment(case: Case) -> Environment:
    """The marker environment of the target."""
    return tuple(sorted(environment_of(case.manifest, case.interpreter).items()))


def distributions(case: Case) -> tuple[Distribution, ...]:
    """The installed distributions in the order of their names: of two paths to one extra the same one is told each time."""
    return tuple(sorted(case.facts(Distribution), key=lambda each: (each.name, each.version, each.location)))


def installed(case: Case) -> Installed:
    """The installed distributions by name."""
    found: dict[NormalizedName, list[Distribution]] = {}
    for each in distributions(case):
        found.setdefault(each.name, []).append(each)
    return found


def unreadable(distribution: Distribution) -> tuple[str, ...]:
    """What of a distribution's metadata can't be understood, in sentences; empty where all of it can."""
    problems = (distribution.problem,) if distribution.problem else ()
    return (
        *problems,
        *(
            f"its Requires-Dist `{line}` is no valid requirement"
            for line in distribution.requires
            if not parse_requirement(line)
        ),
    )


def requirements_of(distribution: Distribution, target: Environment, extra: str = "") -> Iterator[Requirement]:
    """What `distribution` requires in `target`; with `extra`, only what that extra adds."""
    for line in distribution.requires:
        requirement = parse_requirement(line)
        if requirement is None or not holds(line, target, extra):
            continue
        if not extra or not holds(line, target, ""):
            yield requirement


def unmet_by(distribution: Distribution, target: Environment, among: Installed, extra: str = "") -> Iterator[Unmet]:
    """The requirements of `distribution`, or of one of its extras, that `among` does not satisfy."""
    for requirement in dict.fromkeys(requirements_of(distribution, target, extra)):
        candidates = among.get(canonicalize_name(requirement.name), ())
        wrong = tuple(each.version for each in candidates if not admits(requirement.specifier, each.version))
        if wrong or not candidates:
            yield Unmet(by=distribution, extra=extra, requirement=requirement, found=wrong)


def unmet(case: Case) -> tuple[Unmet, ...]:
    """The requirements of all installed distributions, extras aside, that the environment does not satisfy."""
    target, among = environment(case), installed(case)
    return tuple(each for distribution in distributions(case) for each in unmet_by(distribution, target, among))


def unmet_extras(case: Case) -> tuple[tuple[ExtraInUse, Unmet], ...]:
    """The requirements of the extras in use that the environment does not satisfy, each once, with the use that it belongs to."""
    target, among = environment(case), installed(case)
    found = {
        (each.by.subject, each.needs, str(each.requirement.specifier)): (use, each)
        for use in reversed(extras_in_use(case))
        for distribution in among.get(use.name, ())
        for each in unmet_by(distribution, target, among, use.extra)
    }
    return tuple(found[key] for key in sorted(found))


def extras_in_use(case: Case) -> tuple[ExtraInUse, ...]:
    """The extras of installed packages that are in use, each once: the declared ones and what they pull in, then the inferred ones.

    Declared are those that the project's files ask for and those that an installed package's own requirements ask for. Inferred are those
    behind the broker URL's scheme, and kombu's `redis` wherever celery's is in use: celery's extra is of no use without kombu's transport.
    """
    target, among = environment(case), installed(case)
    taken: dict[tuple[str, str], ExtraInUse] = {}

    def take(uses: Sequence[ExtraInUse]) -> None:
        waiting = list(uses)
        while waiting:
            use = waiting.pop(0)
            if (use.name, use.extra) in taken or use.name not in among:
                continue
            taken[use.name, use.extra] = use
            waiting += [
                more
                for distribution in among[use.name]
                for requirement in requirements_of(distribution, target, use.extra)
                for more in _asked_for(requirement, use.declared, use.where, (*use.via, use.label))
            ]

    take(
        [
            ExtraInUse(name=each.name, extra=canonicalize_name(extra), declared=True, where=each.where)
            for each in case.requirements
            for extra in each.extras
        ]
    )
    take(
        [
            use
            for distribution in distributions(case)
            for requirement in requirements_of(distribution, target)
            for use in _asked_for(requirement, True, case.place_of(distribution.name), (distribution.subject,))
        ]
    )
    take(_behind_the_broker(case))
    celery = taken.get(("celery", "redis"))
    if celery is not None:
        kombu = canonicalize_name("kombu")
        take([ExtraInUse(name=kombu, extra=celery.extra, declared=False, where=celery.where, via=(celery.label,))])
    return tuple(taken.values())


def _asked_for(requirement: Requirement, declared: bool, where: Place | None, via: tuple[str, ...]) -> list[ExtraInUse]:  # noqa: FBT001 - handed on as it is
    return [
        ExtraInUse(name=canonicalize_name(requirement.name), extra=extra, declared=declared, where=where, via=via)
        for extra in sorted(canonicalize_name(each) for each in requirement.extras)
        if extra not in FOR_DEVELOPERS
    ]


def _behind_the_broker(case: Case) -> list[ExtraInUse]:
    broker = case.manifest.endpoint("broker")
    if broker is None:
        return []
    scheme = broker.scheme
    return [
        ExtraInUse(
            name=canonicalize_name(name),
            extra=canonicalize_name("redis"),
            declared=False,
            where=broker.where,
            via=(f"broker {scheme}://",),
        )
        for name in ("celery", "kombu")
        if scheme in REDIS_SCHEMES
    ]
