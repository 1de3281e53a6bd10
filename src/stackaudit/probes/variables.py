"""Looks which environment variables of this shell look like the stack's, and what in the target's environment reads them."""

import ast
import os
import re
import stat
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from stackaudit.model.brokers import same_broker
from stackaudit.model.deadline import Deadline
from stackaudit.model.facts.deployment import Variable
from stackaudit.model.facts.environment import Distribution, InterpreterFact
from stackaudit.model.parts import Probe, Visit
from stackaudit.model.places import Place
from stackaudit.model.snapshot import Evidence, Look, Unseen
from stackaudit.model.values import dataclass
from stackaudit.model.variables import BROKER_NAMES, looks_like_ours
from stackaudit.probes._environment_readers import command_variables, names_read, parse

COMMON_NAMES = frozenset({"APP", "CONFIG_MODULE", "LOADER", "RESULT_BACKEND"})
"""Names that belong to nobody, and that celery's command line takes for its options: told only where its source says so."""

FOLDERS = {
    "amqp": "amqp",
    "billiard": "billiard",
    "celery": "celery",
    "ffmpeg-python": "ffmpeg",
    "kombu": "kombu",
    "redis": "redis",
    "vine": "vine",
}
"""The distributions whose source is searched, and the folder of each."""

DOCUMENTED = {
    # https://ffmpeg.org/ffmpeg.html, "Generic options" and "Preset files"
    "ffmpeg": ("AV_LOG_FORCE_256COLOR", "AV_LOG_FORCE_COLOR", "AV_LOG_FORCE_NOCOLOR", "FFMPEG_DATADIR", "FFREPORT"),
    # https://docs.celeryq.dev/en/stable/userguide/daemonizing.html
    "celery's service scripts": (
        *("CELERYBEAT_CHDIR", "CELERYBEAT_GROUP", "CELERYBEAT_LOG_FILE", "CELERYBEAT_LOG_LEVEL", "CELERYBEAT_OPTS"),
        *("CELERYBEAT_PID_FILE", "CELERYBEAT_USER", "CELERYD_CHDIR", "CELERYD_GROUP", "CELERYD_LOG_FILE"),
        *("CELERYD_LOG_LEVEL", "CELERYD_NODES", "CELERYD_OPTS", "CELERYD_PID_FILE", "CELERYD_USER", "CELERY_APP"),
        *("CELERY_BIN", "CELERY_CREATE_DIRS", "CELERY_CREATE_LOGDIR", "CELERY_CREATE_RUNDIR"),
    ),
}
"""What programs and scripts read that are not Python, by their documentation."""

OWN = "the project's code"
_MOST_BYTES = 4 * 1024 * 1024
_SHOWN_PLACES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One place that reads a variable: the component, and where in it."""

    component: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """The source folders that were found, by component, and the components whose source was expected and not found."""

    folders: tuple[tuple[str, Path], ...]
    missing: tuple[str, ...]


def collect(visit: Visit) -> Sequence[Look]:
    """The variables of this process's environment and of the deployment files, by name; of the values only whether one is the broker."""
    environment = dict(os.environ)
    places = _places(visit)
    own = {each.text for each in visit.manifest.deployment.named}
    sources = sources_of(visit.facts(InterpreterFact), visit.facts(Distribution))
    set_here = {each for each in environment if looks_like_ours(each) or each in COMMON_NAMES}
    candidates = sorted(set_here | set(places))
    readings, unread = search(candidates, sources, visit.deadline)
    missing = sorted({*sources.missing, *unread})
    if missing and candidates:
        unseen = Unseen(
            subject="",
            yields=(Variable.__name__,),
            cause=f"the source of {', '.join(missing)} can't be read, so nobody can tell which variables it reads",
            remedy="install it from a wheel, as plain files",
        )
        return [_look(len(candidates), sources, unseen=unseen)]
    declared = visit.manifest.endpoint("broker")
    url = None if declared is None else declared.url.reveal()
    facts = tuple(
        Variable(
            name=name,
            readers=tuple(
                sorted({*(each.component for each in readings.get(name, ())), *([OWN] if name in own else [])})
            ),
            note=_note(readings.get(name, ())),
            searched=tuple(component for component, _ in sources.folders),
            agrees=same_broker(environment[name], url)
            if name in BROKER_NAMES and name in environment and url is not None
            else None,
            shell=name in environment,
            places=places.get(name, ()),
        )
        for name in candidates
        if name not in COMMON_NAMES or name in readings
    )
    return [_look(len(facts), sources, facts=facts)]


def _places(visit: Visit) -> dict[str, tuple[Place, ...]]:
    """Where deployment files set each of the stack's variables."""
    found: dict[str, list[Place]] = {}
    for each in visit.manifest.deployment.all_variables():
        if looks_like_ours(each.name) and each.where not in found.setdefault(each.name, []):
            found[each.name].append(each.where)
    return {name: tuple(sorted(places)) for name, places in found.items()}


def sources_of(interpreters: Sequence[InterpreterFact], distributions: Sequence[Distribution]) -> Sources:
    """Where the source of each of the stack's installed packages is."""
    homes = [Path(each) for interpreter in interpreters for each in interpreter.site_packages]
    found: dict[str, Path] = {}
    missing: list[str] = []
    for each in distributions:
        folder = FOLDERS.get(each.name)
        if folder is not None and each.name not in found:
            own = [Path(each.location), Path(each.location).parent] if each.location else []
            path = next((home / folder for home in [*own, *homes] if (home / folder / "__init__.py").is_file()), None)
            if path is None:
                missing.append(each.name)
            else:
                found[each.name] = path
    return Sources(folders=tuple(sorted(found.items())), missing=tuple(sorted(missing)))


def search(
    names: Sequence[str], sources: Sources, deadline: Deadline
) -> tuple[dict[str, tuple[Reading, ...]], tuple[str, ...]]:
    """Who reads each of `names`, and the components with a file that could not be read, or not until `deadline`."""
    readings: dict[str, list[Reading]] = {
        name: [Reading(component=component, place="documented")]
        for component, documented in DOCUMENTED.items()
        for name in documented
        if name in names
    }
    unread: set[str] = set()
    if not names:
        return {}, ()
    pattern = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in names).encode())
    for component, folder in sources.folders:
        for path in sorted(folder.rglob("*.py")):
            found = _names_in(path, pattern, deadline)
            if found is None:
                unread.add(component)
                continue
            place = path.relative_to(folder.parent).as_posix()
            for name in sorted(found.intersection(names)):
                readings.setdefault(name, []).append(Reading(component=component, place=place))
    options = _options(sources)
    if options is None:
        unread.add("celery")
    for name, option in (options or {}).items():
        if name in names:
            readings.setdefault(name, []).append(Reading(component="celery", place=f"`{option}`"))
    return {name: tuple(found) for name, found in readings.items()}, tuple(sorted(unread))


def _names_in(path: Path, pattern: re.Pattern[bytes], deadline: Deadline) -> frozenset[str] | None:
    """The variables that the file at `path` reads, where it names one that is searched for; None where it can't be read."""
    source = _read(path) if deadline.remaining() > 0 else None
    if source is None or pattern.search(source) is None:
        return None if source is None else frozenset()
    tree = parse(source)
    return None if tree is None else names_read(tree)


def _options(sources: Sources) -> Mapping[str, str] | None:
    """The variables that celery's command line takes for its options; None where its source can't be read whole."""
    modules: dict[str, ast.AST] = {}
    for component, folder in sources.folders:
        if component == "celery":
            for path in sorted((folder / "bin").glob("*.py")):
                source = _read(path)
                tree = None if source is None else parse(source)
                if tree is None:
                    return None
                modules[path.stem] = tree
    return command_variables(modules)


def _read(path: Path) -> bytes | None:
    try:
        # Without O_NONBLOCK a named pipe would be waited for.
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with os.fdopen(handle, "rb") as stream:
            if not stat.S_ISREG(os.fstat(handle).st_mode):
                return None
            source = stream.read(_MOST_BYTES + 1)
    except OSError:
        return None
    return source if len(source) <= _MOST_BYTES else None


def _note(readings: Iterable[Reading]) -> str | None:
    places = list(dict.fromkeys(each.place for each in readings))
    more = f" and {len(places) - _SHOWN_PLACES} more" if len(places) > _SHOWN_PLACES else ""
    return f"{', '.join(places[:_SHOWN_PLACES])}{more}" if places else None


def _look(count: int, sources: Sources, *, facts: tuple[Variable, ...] = (), unseen: Unseen | None = None) -> Look:
    searched = ", ".join(component for component, _ in sources.folders)
    return Look(
        probe="variables",
        asked=f"who reads {count} environment variables" if count else "which environment variables are set",
        evidence=Evidence(tool=f"source of {searched}" if searched and count else "os.environ"),
        facts=facts,
        unseen=unseen,
    )


PROBE = Probe(
    name="variables",
    title="environment variables",
    reads=(InterpreterFact, Distribution),
    yields=(Variable,),
    collect=collect,
)
