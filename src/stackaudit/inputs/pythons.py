"""Reads what files beside the project say about the Python to run on: `.python-version`, `runtime.txt`, Dockerfiles."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from packaging.specifiers import SpecifierSet

from stackaudit.inputs._declared import Declared
from stackaudit.inputs._text import read_text, shown_path
from stackaudit.model.errors import Fault
from stackaudit.model.manifest import PythonClaim
from stackaudit.model.places import Place

_VERSION = r"(?P<version>\d+(?:\.\d+){0,2}(?:(?:a|b|rc)\d+)?)"
_PYENV = re.compile(rf"(?:(?:cpython|python)[-@]?)?{_VERSION}t?(?:-(?:dev|[a-z]+-.*))?", re.IGNORECASE)
_RUNTIME = re.compile(rf"(?:python-)?{_VERSION}", re.IGNORECASE)
_TAG = re.compile(rf"{_VERSION}(?:-.*)?", re.IGNORECASE)
_INSTRUCTION = re.compile(r"\s*(?P<word>[A-Za-z]+)\s+(?P<rest>.*)")
_ARGUMENT = re.compile(r"(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?:=(?P<value>\S*))?")
_VARIABLE = re.compile(r"\$(?:\{(?P<braced>[A-Za-z_]\w*)(?::?-(?P<default>[^}]*))?\}|(?P<bare>[A-Za-z_]\w*))")


def claim_files(folder: Path) -> tuple[Path, ...]:
    """The files in `folder` that say which Python to run on, in the order of their names; not those of its subfolders."""
    names = (".python-version", "runtime.txt", "Dockerfile", "Dockerfile.*", "*.Dockerfile", "Containerfile")
    found = {path for name in names for path in folder.glob(name) if path.is_file()}
    return tuple(sorted(path for path in found if path.name != "Dockerfile.dockerignore"))


def read(path: Path, root: Path) -> Declared:
    """The claims of one such file. Other Pythons than CPython, `system` and names of environments make none."""
    shown = shown_path(path, root)
    content = read_text(path, root)
    if isinstance(content, Fault):
        return Declared(faults=(content,), sources=(shown,))
    if path.name == ".python-version":
        claims = _first_line(content, shown, _PYENV)
    elif path.name == "runtime.txt":
        claims = _first_line(content, shown, _RUNTIME)
    else:
        claims = _dockerfile(content, shown)
    return Declared(pythons=tuple(claims), sources=(shown,))


def _claim(version: str, text: str, where: Place) -> PythonClaim:
    whole = version.count(".") > 1 or not version.replace(".", "").isdigit()
    return PythonClaim(specifier=SpecifierSet(f"=={version}" if whole else f"=={version}.*"), text=text, where=where)


def _first_line(content: str, shown: str, form: re.Pattern[str]) -> Iterator[PythonClaim]:
    for number, line in enumerate(content.splitlines(), 1):
        text = line.partition("#")[0].strip()
        if text:
            # pyenv takes several names on one line, the first of which `python` runs.
            found = form.fullmatch(text.split()[0])
            if found is not None:
                yield _claim(found["version"], f"{Path(shown).name} {text}", Place(path=shown, line=number))
            return


def _dockerfile(content: str, shown: str) -> Iterator[PythonClaim]:
    arguments: dict[str, str] = {}
    seen_from = False
    for number, line in _joined(content):
        instruction = _INSTRUCTION.fullmatch(line)
        if instruction is None:
            continue
        word, rest = instruction["word"].upper(), instruction["rest"].strip()
        if word == "ARG" and not seen_from:
            # Only what stands before the first FROM may be used in one.
            for argument in _ARGUMENT.finditer(rest):
                arguments[argument["name"]] = (argument["value"] or "").strip("\"'")
        elif word == "FROM":
            seen_from = True
            words = [each for each in rest.split() if not each.startswith("--")]
            version = _image_version(_filled(words[0], arguments)) if words else None
            if version is not None:
                yield _claim(version, f"FROM {_filled(words[0], arguments)}", Place(path=shown, line=number))


def _filled(image: str, arguments: Mapping[str, str]) -> str:
    return _VARIABLE.sub(lambda found: arguments.get(found["braced"] or found["bare"]) or found["default"] or "", image)


def _image_version(image: str) -> str | None:
    name, _, tag = image.partition("@")[0].rpartition(":")
    if name.rpartition("/")[2] != "python":
        return None
    found = _TAG.fullmatch(tag)
    return None if found is None else found["version"]


def _joined(content: str) -> Iterator[tuple[int, str]]:
    parts: list[str] = []
    first = 0
    for number, line in enumerate(content.splitlines(), 1):
        if line.lstrip().startswith("#") or (parts and not line.strip()):
            continue
        first = first if parts else number
        if line.rstrip().endswith("\\"):
            parts.append(line.rstrip()[:-1])
            continue
        yield first, " ".join([*parts, line])
        parts = []
    if parts:
        yield first, " ".join(parts)
