"""Reads what a project's deployment files declare: Dockerfiles, Docker Compose files, `.env` files."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from stackaudit.inputs import _dotenv, compose
from stackaudit.inputs._commands import started_by
from stackaudit.inputs._compose_layers import File, layered
from stackaudit.inputs._deployment_files import COMPOSE, MOST_FILES
from stackaudit.inputs._stages import Image, Stage, bases, image, stages
from stackaudit.inputs._text import read_text, shown_path
from stackaudit.inputs._yaml_nodes import parse
from stackaudit.model.brokers import server_of
from stackaudit.model.deployment import Container, DeclaredVariable, Deployment
from stackaudit.model.errors import Fault
from stackaudit.model.places import Place
from stackaudit.model.values import dataclass
from stackaudit.model.variables import BROKER_NAMES, looks_like_ours

LARGEST = 1024 * 1024
"""Characters of a Dockerfile or a `.env`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """The deployment as declared, the faults of its files, and the values of its variables for whoever compares them: secrets."""

    deployment: Deployment
    faults: tuple[Fault, ...] = ()
    values: tuple[compose.Value, ...] = ()


def read(files: Sequence[Path], root: Path, environ: Mapping[str, str]) -> Read:
    """What `files` declare, each by its kind; places are relative to the working directory `root`.

    `environ` fills in what compose files leave to the shell. Faults are returned, never raised.
    """
    reader = _Reader(root=root)
    env_lines = [(path, reader.lines(path)) for path in files if _is_env(path)]
    values = {line.name: line.value for _, (_, lines) in env_lines for line in lines if line.value is not None}
    around = compose.Surroundings(values={**values, **environ}, build=reader.image, lines=reader.lines)
    services = list(_services([reader.compose(path) for path in files if _is_compose(path)], around))
    built = {each.dockerfile.resolve() for each in services if each.dockerfile is not None}
    containers = [
        replace(each.container, variables=_declared(each.variables, each.container.name)) for each in services
    ]
    found = [each.base for each in services if each.base is not None]
    kept = [value for each in services for value in each.variables]
    for path in files:
        if not (_is_env(path) or _is_compose(path)):
            found += bases(reader.stages(path, {}), shown_path(path, root))
            one = reader.image(path, None, {}) if path.resolve() not in built else None
            if one is not None:
                containers.append(_alone(one, shown_path(path, root)))
                kept += one.variables
    variables = [
        each
        for _, (shown, lines) in env_lines
        for each in _declared([(line.name, line.value, Place(path=shown, line=line.line)) for line in lines], shown)
    ]
    kept += [
        (line.name, line.value, Place(path=shown, line=line.line)) for _, (shown, lines) in env_lines for line in lines
    ]
    deployment = Deployment(
        sources=tuple(shown_path(each, root) for each in files),
        containers=tuple(sorted(containers, key=lambda each: (each.name, each.where))),
        bases=tuple({(each.text, each.where): each for each in found}.values()),
        variables=tuple(variables),
    )
    return Read(deployment=deployment, faults=tuple(dict.fromkeys(reader.faults())), values=tuple(kept))


def _is_env(path: Path) -> bool:
    return path.name == ".env" or path.name.startswith(".env.") or path.suffix == ".env"


def _is_compose(path: Path) -> bool:
    return path.suffix in {".yaml", ".yml"}


def _services(files: Sequence[File | None], around: compose.Surroundings) -> Iterator[compose.Service]:
    """The services of the files that Compose reads by itself, one over the other; of each further file those that it changes or adds."""
    read_ones = [each for each in files if each is not None]
    base = [each for each in read_ones if each.path.name in COMPOSE or ".override." in each.path.name]
    over = [each for each in read_ones if each not in base]
    if not base and over:
        base, over = over[:1], over[1:]
    changed = {layers.name for file in over for layers in layered([], file)}
    for layers in layered(base, None):
        if layers.name not in changed:
            yield compose.service(layers, around)
    for file in over:
        for layers in layered(base, file):
            yield compose.service(layers, around)


def _alone(found: Image, shown: str) -> Container:
    name = f"image of {shown}"
    return Container(
        name=name,
        where=found.where,
        composed=False,
        built=True,
        base=found.base,
        user=found.user,
        start=started_by(found.entrypoint, found.command),
        health=found.health,
        programs=tuple(sorted(found.programs)),
        opaque=found.opaque,
        hands_over=found.hands_over,
        variables=_declared(found.variables, name),
    )


def _declared(values: Sequence[compose.Value], holder: str) -> tuple[DeclaredVariable, ...]:
    return tuple(
        DeclaredVariable(
            name=name,
            where=where,
            holder=holder,
            broker=server_of(value) if name in BROKER_NAMES and value and "://" in value and "$" not in value else None,
            empty=value == "",
        )
        for name, value, where in values
        # Of a broken file, a line of a key's own text may pass for a name.
        if looks_like_ours(name)
    )


class _Reader:
    """Reads each file once, and keeps what was wrong with it."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._texts: dict[Path, str | Fault] = {}
        self._faults: list[Fault] = []

    def faults(self) -> list[Fault]:
        """What was wrong with the files so far."""
        return [*self._faults, *(each for each in self._texts.values() if isinstance(each, Fault))]

    def lines(self, path: Path) -> tuple[str, tuple[_dotenv.Line, ...]]:
        """The path of a `.env` file as it is shown, and its variables; none where it is not there, since such files may be optional."""
        shown = shown_path(path, self._root)
        text = self._text(path) if path.is_file() else None
        return shown, tuple(_dotenv.read(text)) if text is not None else ()

    def stages(self, path: Path, arguments: Mapping[str, str]) -> tuple[Stage, ...]:
        """The stages of the Dockerfile at `path`."""
        text = self._text(path)
        return stages(text, arguments) if text is not None else ()

    def image(self, path: Path, target: str | None, arguments: Mapping[str, str]) -> Image | None:
        """The image that the Dockerfile at `path` makes of `target`, None where it can't be read."""
        return image(self.stages(path, arguments), target, shown_path(path, self._root), arguments)

    def compose(self, path: Path) -> File | None:
        """The compose file at `path`, None where it can't be read."""
        text = self._text(path)
        node = parse(text, shown_path(path, self._root)) if text is not None else None
        if isinstance(node, Fault):
            self._faults.append(node)
            return None
        return File(path=path, root=node) if node is not None else None

    def _text(self, path: Path) -> str | None:
        key = path.absolute()
        if key not in self._texts and len(self._texts) < MOST_FILES:
            text = read_text(path, self._root)
            if isinstance(text, str) and len(text) > LARGEST:
                where = Place(path=shown_path(path, self._root))
                text = Fault(where=where, message=f"is larger than {LARGEST // 1024} kB, which no such file is")
            self._texts[key] = text
        found = self._texts.get(key)
        return found if isinstance(found, str) else None
