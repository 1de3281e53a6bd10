"""Holds the workers of a fleet against each other: packages, Python, programs, system, settings."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import chain

from stackaudit.checks._fleet import minor, named, sets, stack_names
from stackaudit.model.audit import Case
from stackaudit.model.facts.fleet import Replaced, SettingSet, VersionSet
from stackaudit.model.facts.workers import Worker
from stackaudit.model.findings import Finding, Severity
from stackaudit.model.parts import Rule, rule
from stackaudit.model.versions import parse_version

_ROLLOUT = "deploy the same image everywhere; while a rollout lasts this is expected"
_OTHERS = "other packages"
_MOST_TOLD = 6


def _spread(case: Case, of: Callable[[VersionSet], str | None], *, whole: bool) -> dict[str, list[str]]:
    """The workers by what `of` says of their set; those of which it says nothing are left out, and with `whole` those without the step."""
    found: dict[str, list[str]] = {}
    for each in sets(case):
        value = of(each)
        if value is not None and (each.whole or not whole):
            found.setdefault(value, []).extend(each.nodes)
    return found


def _told(spread: Mapping[str, list[str]]) -> str:
    """`5.4.0 on a@host; 5.7.0 on b@host`, by version."""

    def order(text: str) -> tuple[bool, object, str]:
        version = parse_version(text)
        return (False, version, text) if version is not None else (True, "", text)

    return "; ".join(f"{value} on {named(spread[value])}" for value in sorted(spread, key=order))


def _cause(spread: Mapping[str, list[str]]) -> str:
    """Two images are told once, in however many packages they differ: the groups of workers that differ."""
    return f"the workers run what is not the same: {' / '.join(sorted(named(nodes) for nodes in spread.values()))}"


def _package(name: str) -> Callable[[VersionSet], str | None]:
    """The version of package `name`; a set that is whole and lacks it says so."""
    return lambda each: each.version(name) or ("none" if each.whole else None)


def _names(case: Case) -> set[str]:
    return {name for each in sets(case) for name, _ in each.packages}


def _several(case: Case, *, whole: bool = False) -> bool:
    """Whether there are two workers or more to be held against each other."""
    return sum(len(each.nodes) for each in sets(case) if each.whole or not whole) > 1


def _compared(case: Case) -> Iterable[str]:
    if not _several(case):
        return []
    stack = stack_names(case) & _names(case)
    others = any(name not in stack for name in _names(case)) and _several(case, whole=True)
    return [*sorted(stack), *([_OTHERS] if others else [])]


@rule(
    "FL201",
    "All workers that answered run the same versions",
    severity="medium",
    reads=[VersionSet],
    about=_compared,
    why="which code a task meets then depends on who takes it; messages of one version may be unreadable to the other",
    fix=_ROLLOUT,
)
def alike(rule: Rule, case: Case) -> Iterator[Finding]:
    """The packages of the stack one by one, the others together; what a worker does not tell is held against nobody."""
    others = []
    for name in sorted(_names(case)):
        spread = _spread(case, _package(name), whole=False)
        if len(spread) < 2:  # noqa: PLR2004 - two make a difference
            continue
        if name in stack_names(case):
            yield rule.fails(name, f"the workers differ in {name}: {_told(spread)}", cause=_cause(spread))
        else:
            others.append(f"{name} ({_told(spread)})")
    if others:
        more = f", and {len(others) - _MOST_TOLD} more" if len(others) > _MOST_TOLD else ""
        count = f"{len(others)} other package{'s' * (len(others) != 1)}"
        yield rule.fails(_OTHERS, f"the workers differ in {count}: {', '.join(others[:_MOST_TOLD])}{more}")


@rule(
    "FL202",
    "All workers that answered run the same Python",
    severity="medium",
    reads=[VersionSet],
    about=lambda case: ["Python"] if _several(case) else [],
    why="installers choose other versions for another Python, and code that runs on one may not on the other",
    fix=_ROLLOUT,
)
def one_python(rule: Rule, case: Case) -> Iterator[Finding]:
    """Patches of one minor version are a note."""
    spread = _spread(case, lambda each: each.python, whole=False)
    if len(spread) > 1:
        patches = len({minor(each) for each in spread}) == 1
        yield rule.fails(
            "Python", f"the workers differ in Python: {_told(spread)}", severity=Severity.LOW if patches else None
        )


def _whole(name: str) -> Callable[[Case], Iterable[str]]:
    return lambda case: [name] if _several(case, whole=True) else []


def _programs(case: Case) -> tuple[str, ...]:
    return tuple(sorted({name for each in sets(case) for name, _ in each.programs}))


@rule(
    "FL203",
    "All workers that tell it have the same ffmpeg",
    severity="medium",
    reads=[VersionSet],
    about=lambda case: _programs(case) if _several(case, whole=True) else [],
    why="what a video becomes, or whether it becomes anything, then depends on who takes the task",
    fix=_ROLLOUT,
)
def one_ffmpeg(rule: Rule, case: Case) -> Iterator[Finding]:
    """By the banners of the programs on the workers' PATH; patches of one branch are a note."""
    for name in _programs(case):

        def version(each: VersionSet, name: str = name) -> str | None:
            return dict(each.programs).get(name) or "none"

        spread = _spread(case, version, whole=True)
        if len(spread) > 1:
            patches = "none" not in spread and len({minor(each) for each in spread}) == 1
            message = f"the workers differ in {name}: {_told(spread)}"
            yield rule.fails(name, message, severity=Severity.LOW if patches else None)


@rule(
    "FL204",
    "All workers that tell it run on the same system",
    severity="low",
    reads=[VersionSet],
    about=_whole("system"),
    why="another system brings other libraries: TLS, codecs, fonts, time zones",
    fix=_ROLLOUT,
)
def one_system(rule: Rule, case: Case) -> Iterator[Finding]:
    """What the operating system calls itself, and the machine's kind."""
    spread = _spread(case, lambda each: f"{each.system or '?'} ({each.platform or '?'})", whole=True)
    if len(spread) > 1:
        yield rule.fails("system", f"the workers differ in their system: {_told(spread)}")


def _by_setting(case: Case) -> dict[str, dict[str, list[str]]]:
    """The workers by the value that they run with, by setting."""
    found: dict[str, dict[str, list[str]]] = {}
    for each in case.facts(SettingSet):
        for name, value in each.settings:
            found.setdefault(name, {}).setdefault(value, []).extend(each.nodes)
    return dict(sorted(found.items()))


@rule(
    "FL205",
    "All workers that tell it run with the same settings",
    severity="medium",
    reads=[SettingSet],
    about=lambda case: [name for name, values in _by_setting(case).items() if len([*chain(*values.values())]) > 1],
    why="whether a task is tried again, cut off or lost then depends on who takes it",
    fix="give all workers the same configuration; where two kinds of workers differ on purpose, accept it with a waiver",
    source="https://docs.celeryq.dev/en/stable/userguide/configuration.html",
)
def same_settings(rule: Rule, case: Case) -> Iterator[Finding]:
    """The settings that the worker step names; one that an older Celery does not know is held against nobody."""
    for name, values in _by_setting(case).items():
        if len(values) > 1:
            yield rule.fails(name, f"the workers differ in {name}: {_told(values)}")


@rule(
    "FL206",
    "Each worker runs what is installed beside it",
    severity="medium",
    reads=[Replaced, VersionSet],
    about=lambda case: [node for each in sets(case) if each.whole for node in each.nodes],
    why="what it imported before is of one version and what it imports from now on of another; after a restart it is another worker",
    fix="restart it, and make a new image instead of installing into one that runs",
)
def as_installed(rule: Rule, case: Case) -> Iterator[Finding]:
    """By the metadata of the distributions at its start, and now."""
    by_node: dict[str, list[Replaced]] = {}
    for each in case.facts(Replaced):
        by_node.setdefault(each.node, []).append(each)
    there = {each.node for each in case.facts(Worker) if each.answered}
    for node in sorted(by_node.keys() & there):
        changes = [f"{each.name} {each.started_with or 'none'} -> {each.now or 'none'}" for each in by_node[node]]
        more = f", and {len(changes) - _MOST_TOLD} more" if len(changes) > _MOST_TOLD else ""
        yield rule.fails(
            node, f"packages were replaced under it since it started: {', '.join(changes[:_MOST_TOLD])}{more}"
        )
