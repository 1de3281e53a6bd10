"""Finds in Python source which environment variables it reads; the source is parsed, never run."""

import ast
import re
import warnings
from collections.abc import Iterable, Iterator, Mapping

_MAPPINGS = frozenset({"environ", "env"})
_READING = frozenset({"get", "pop", "getenv"})
_PARAMETER = re.compile(r"^env(_?var)?$")


def parse(source: bytes) -> ast.Module | None:
    """The syntax tree of `source`, or None where this Python can't parse it."""
    with warnings.catch_warnings():
        # Old sources have escapes that newer Pythons warn of.
        warnings.simplefilter("ignore")
        try:
            return ast.parse(source)
        except (SyntaxError, ValueError):
            return None


def names_read(tree: ast.AST) -> frozenset[str]:
    """The names of the environment variables that `tree` reads.

    That is: `environ.get("X")`, `environ["X"]`, `"X" in environ`, `getenv("X")`, and a constant given as an argument or a default
    called `env` or `envvar`. Setting a variable is no reading of it.
    """
    return frozenset(name for node in ast.walk(tree) for name in _read_by(node))


def command_variables(modules: Mapping[str, ast.AST]) -> dict[str, str]:
    """The variables that click derives for the options of celery's command line, with the option that each one sets.

    `modules` are the trees of `celery/bin/` by their module names. Click reads `CELERY_WORKER_CONCURRENCY` for `celery worker
    --concurrency` only where the command line is started with `auto_envvar_prefix`: without that in the source, there are none.
    """
    prefix = _automatic_prefix(modules)
    if prefix is None:
        return {}
    shared = {name: options for tree in modules.values() for name, options in _option_classes(tree)}
    variables: dict[str, str] = {}
    for tree in modules.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef) and (command := _command(node)) is not None:
                own = [option for each in node.decorator_list if (option := _option(each, "option")) is not None]
                path = () if command.name == node.name == "celery" else (command.name,)
                for option in [*own, *shared.get(command.base or "", ())]:
                    name = "_".join((prefix, *path, option.name)).upper().replace("-", "_")
                    variables[name] = " ".join(("celery", *path, option.flag))
    return variables


class _Option:
    """An option as the command line takes it: `--concurrency`, and the name that click gives its value: `concurrency`."""

    def __init__(self, written: list[str]) -> None:
        flags = [each.split("/")[0] for each in written if each.startswith("-")]
        # Click's own order: a name that was given, else the flag with the most dashes, of several the first.
        self.flag = max(flags, key=lambda each: len(each) - len(each.lstrip("-")), default="")
        given = [each for each in written if each.isidentifier()]
        self.name = given[0] if given else self.flag.lstrip("-").replace("-", "_")


class _Command:
    """A command's name, and the class that brings further options to it."""

    def __init__(self, name: str, base: str | None) -> None:
        self.name = name
        self.base = base


def _read_by(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Call(func=function, args=arguments, keywords=keywords):
            if arguments and _is_reader(function):
                yield from _constants(arguments[0])
            for keyword in keywords:
                if keyword.arg is not None and _PARAMETER.match(keyword.arg):
                    yield from _constants(keyword.value)
        case ast.Subscript(value=value, slice=key, ctx=ast.Load()) if _last_name(value) in _MAPPINGS:
            yield from _constants(key)
        case ast.Compare(left=left, comparators=[mapping]) if _last_name(mapping) in _MAPPINGS:
            yield from _constants(left)
        case ast.FunctionDef(args=parameters):
            positional = [*parameters.posonlyargs, *parameters.args]
            defaults = zip(positional[::-1], parameters.defaults[::-1], strict=False)
            for parameter, default in [*defaults, *zip(parameters.kwonlyargs, parameters.kw_defaults, strict=True)]:
                if default is not None and _PARAMETER.match(parameter.arg):
                    yield from _constants(default)


def _is_reader(function: ast.expr) -> bool:
    match function:
        case ast.Attribute(value=value, attr=attribute) if attribute in _READING:
            return attribute == "getenv" or _last_name(value) in _MAPPINGS
        case ast.Name(id="getenv"):
            return True
        case _:
            return False


def _last_name(node: ast.expr) -> str | None:
    match node:
        case ast.Attribute(attr=name) | ast.Name(id=name):
            return name
        case _:
            return None


def _constants(node: ast.expr) -> Iterator[str]:
    match node:
        case ast.Constant(value=str(name)):
            yield name
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            for part in parts:
                yield from _constants(part)


def _automatic_prefix(modules: Mapping[str, ast.AST]) -> str | None:
    tree = modules.get("celery")
    found = [
        name
        for node in (ast.walk(tree) if tree is not None else ())
        if isinstance(node, ast.keyword) and node.arg == "auto_envvar_prefix"
        for name in _constants(node.value)
    ]
    return found[0] if found else None


def _option_classes(tree: ast.AST) -> Iterator[tuple[str, list[_Option]]]:
    """The classes that add options to each command made of them, with those options."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef):
            options = [option for each in ast.walk(node) if (option := _option(each, "DaemonOption")) is not None]
            if options:
                yield node.name, options


def _option(node: ast.AST, function: str) -> _Option | None:
    if not isinstance(node, ast.Call) or _last_name(node.func) != function:
        return None
    written = [name for each in node.args for name in _constants(each)]
    return _Option(written) if any(each.startswith("-") for each in written) else None


def _command(node: ast.FunctionDef) -> _Command | None:
    """The command that `node` implements, where it hangs directly under `celery`."""
    for decorator in node.decorator_list:
        if not isinstance(decorator, ast.Call) or not isinstance(decorator.func, ast.Attribute):
            continue
        owner = _last_name(decorator.func.value)
        if decorator.func.attr in {"command", "group"} and owner in {"click", "celery"}:
            named = _keyword(decorator.keywords, "name")
            base = _keyword(decorator.keywords, "cls")
            name = next(_constants(named), None) if named is not None else None
            return _Command(name or node.name.strip("_").replace("_", "-"), None if base is None else _last_name(base))
    return None


def _keyword(keywords: Iterable[ast.keyword], name: str) -> ast.expr | None:
    return next((each.value for each in keywords if each.arg == name), None)
