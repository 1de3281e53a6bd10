"""What the requirement of a pip line asks for: a name, a URL, a path or an archive."""

import os
import re
from pathlib import Path
from urllib.parse import unquote

from packaging.utils import canonicalize_name

from stackaudit.inputs._requirement import normal_extras, read_requirement, valid_marker, valid_name
from stackaudit.inputs._source import archive_version, filename_of, path_of, shown_text
from stackaudit.inputs._table import table, text
from stackaudit.model.errors import Fault
from stackaudit.model.manifest import Requirement
from stackaudit.model.places import Place
from stackaudit.model.secret import redact
from stackaudit.model.values import dataclass

_URL = re.compile(r"(?:https?|file|ftp|(?:git|hg|svn|bzr)(?:\+[a-z-]+)?|ssh|sftp):", re.IGNORECASE)
_EGG = re.compile(r"[#&]egg=(?P<egg>[^&#;\s]+)")
_EXTRAS = re.compile(r"(?P<path>.+?)\[(?P<extras>[^\]]+)\]")
_EGG_NAME = re.compile(r"(?P<name>[^\[=<>!~]+)(?:\[(?P<extras>[^\]]*)\])?")
_ARCHIVES = (
    ".whl",
    ".zip",
    ".tar",
    ".tar.gz",
    ".tgz",
    ".tar.bz2",
    ".tbz",
    ".tar.xz",
    ".txz",
    ".tlz",
    ".tar.lz",
    ".tar.lzma",
)


class Unnamed:
    """The line is right, and its package has no name that could be known without fetching it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """Where a line stands, and the folders that its relative paths may start from: the working directory, the file's own."""

    where: Place
    folders: tuple[Path, ...]


def read_target(requirement: str, context: Context) -> Requirement | Fault | Unnamed:
    """What `requirement`, a line without options, asks for."""
    stripped = requirement.strip()
    separator = "; " if _URL.match(stripped) else ";"
    body, found, marker_text = stripped.partition(separator)
    body = body.strip()
    local = "@" not in body.partition("/")[0] and _looks_like_path(body)
    if not (_URL.match(body) or local):
        return read_requirement(stripped, context.where)
    marker: str | None = None
    if found and marker_text.strip():
        marker = valid_marker(marker_text)
        if marker is None:
            return Fault(where=context.where, message=f"the marker `{shown_text(marker_text)}` can't be read")
    return _from_place(body, context, marker)


def read_editable(value: str, context: Context) -> Requirement | Fault | Unnamed:
    """What `-e value` asks for: `name @ url`, a folder with a project, or a version-controlled URL with `#egg=`."""
    if "@" in value and not _URL.match(value) and not _looks_like_path(value.partition("@")[0]):
        return read_requirement(value, context.where)
    found = _from_place(value.strip(), context, None)
    if isinstance(found, Unnamed) and _URL.match(value) and not value.lower().startswith("file:"):
        return Fault(
            where=context.where,
            message="the name of the package behind this URL is not given",
            hint="write it as `name @ URL`",
        )
    return found


def _looks_like_path(body: str) -> bool:
    path = _EXTRAS.fullmatch(body)
    bare = path["path"] if path else body
    return "/" in bare or os.sep in bare or bare.startswith(".") or bare.lower().endswith(_ARCHIVES)


def _from_place(body: str, context: Context, marker: str | None) -> Requirement | Fault | Unnamed:
    is_url = _URL.match(body) is not None
    split = None if is_url else _EXTRAS.fullmatch(body)
    target, extras = (split["path"], split["extras"].split(",")) if split else (body, [])
    if path_of(target) is None:
        return Fault(where=context.where, message=f"`{shown_text(target)}` can't be read as a URL")
    told = archive_version(filename_of(target))
    if told is not None:
        name, version = told
        found = read_requirement(f"{name}=={version}", context.where, marker=marker)
    else:
        egg = _EGG.search(target)
        if egg is not None:
            parts = _EGG_NAME.match(unquote(egg["egg"]))
            project: str | None = parts["name"].strip() if parts else None
            extras += (parts["extras"] or "").split(",") if parts else []
        else:
            project = _project_name(target, context)
            if project is None and _missing(target, context):
                return Fault(where=context.where, message=f"there is no folder or file `{shown_text(target)}`")
        if project is None:
            return Unnamed()
        if not valid_name(project):
            return Fault(where=context.where, message=f"`{shown_text(project)}` is not a package name")
        found = read_requirement(canonicalize_name(project), context.where, marker=marker)
    if isinstance(found, Fault):
        return found
    return Requirement(
        name=found.name,
        specifier=found.specifier,
        pin=found.pin,
        extras=normal_extras(each.strip() for each in extras if each.strip()),
        where=context.where,
        source=redact(target),
        marker=found.marker,
    )


def _folders(target: str, context: Context) -> list[Path]:
    if target.lower().startswith("file:"):
        return [Path(path_of(target) or "/")]
    return [] if _URL.match(target) else [folder / target for folder in context.folders]


def _missing(target: str, context: Context) -> bool:
    # An absolute path may be one of the machine that the file is written for, such as a container's.
    if _URL.match(target) or Path(target).is_absolute() or target.lower().endswith(_ARCHIVES):
        return False
    return not any(folder.exists() for folder in _folders(target, context))


def _project_name(target: str, context: Context) -> str | None:
    import configparser
    import tomllib

    for folder in _folders(target, context):
        try:
            project = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            project = {}
        name = text(table(project, "project"), "name") or text(table(project, "tool", "poetry"), "name")
        if name is None:
            parser = configparser.ConfigParser(interpolation=None)
            try:
                parser.read(folder / "setup.cfg", encoding="utf-8")
                name = parser.get("metadata", "name", fallback=None)
            except (OSError, ValueError, configparser.Error):
                name = None
        if name is not None:
            return name
    return None
