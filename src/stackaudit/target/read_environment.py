"""Reads the environment of the interpreter that runs this file, and prints it as one framed JSON line.

It runs in other interpreters (`TARGET -I read_environment.py`), so it is Python 3.8, needs the standard library alone, and may be copied.
Whatever else the target prints before or after (a chatty `sitecustomize`) stays outside the frame.
"""

# `pathlib` would be the dearest import of a file that must start almost as fast as a bare interpreter:
# ruff: noqa: PTH112, PTH113, PTH118, PTH119, PTH120, PTH123, PTH208

import json
import os
import platform
import re
import sys
import zipfile
from importlib.util import find_spec
from typing import Any, Dict, Iterator, List, Optional, Tuple, Union

BEGIN = "=== stackaudit environment 1 ==="
END = "=== end of stackaudit environment ==="

CHUNK = 16384
MOST_BYTES = 4 * 1024 * 1024  # of one file: metadata that is longer is broken

# In a RECORD, lines that follow each other and begin with the same folder; and in them, the files that can be imported.
_RUN = re.compile(r"^([^\W\d][\w.]*)[/,].*\n?(?:\1/.*\n?)*", re.MULTILINE)
_MODULE = re.compile(r"^((?:[^\W\d]\w*/)*\w[\w.-]*\.(?:py|so|pyd)),([^,\n]*)", re.MULTILINE)
# In a RECORD, what auditwheel, delocate and delvewheel put beside a package; and an ffmpeg that is shipped as a file of it.
_LIBRARY = re.compile(r"libs/([^/,\n]+\.(?:so|dylib|dll)[\d.]*),")
_PROGRAM = re.compile(r"/(ff(?:mpeg|probe)(?:[-.][^/,\n]*)?),")
# With this in it an `__init__.py` says itself that several distributions share its folder.
_SHARING = re.compile(rb"\b(?:extend_path|declare_namespace)\s*\(")
_FOLDER = re.compile(r"(?P<name>.+?)(?:-(?P<version>[^-]+))?(?:-py\d[^-]*(?:-.+)?)?\.(?P<kind>dist-info|egg-info|egg)")
_SITES = ("/site-packages", "/dist-packages")
_BLANK_LINE = re.compile(rb"\n\r?\n")
_SECTION = re.compile(r"\[(?P<extra>[^:\]]*)(?::(?P<marker>.*))?\]")

Json = Dict[str, Any]


class UnreadableError(Exception):
    """The metadata of one distribution can't be used; the message says why, in words for people."""


class Folder:
    """A directory on the import path."""

    def __init__(self, path: str) -> None:
        self.path = path

    def names(self) -> List[str]:
        """Its entries, sorted. Raises OSError."""
        return sorted(os.listdir(self.path))

    def read(self, name: str) -> bytes:
        """The content of the file `name`. Raises OSError."""
        with open(os.path.join(self.path, name), "rb") as stream:
            return stream.read(MOST_BYTES)

    def head(self, name: str) -> bytes:
        """The beginning of the file `name`, with its first blank line; the descriptions that follow it are long. Raises OSError."""
        content = b""
        with open(os.path.join(self.path, name), "rb", buffering=0) as stream:
            while len(content) < MOST_BYTES and not _BLANK_LINE.search(content):
                chunk = stream.read(CHUNK)
                if not chunk:
                    break
                content += chunk
        return content


class Archive:
    """A zip file on the import path."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._zip = zipfile.ZipFile(path)

    def names(self) -> List[str]:
        """Its entries at the top, sorted."""
        return sorted({name.partition("/")[0] for name in self._zip.namelist()})

    def read(self, name: str) -> bytes:
        """The content of the member `name`. Raises OSError."""
        try:
            with self._zip.open(name) as stream:
                return stream.read(MOST_BYTES)
        except KeyError:
            raise FileNotFoundError(name) from None
        except Exception:  # noqa: BLE001 - torn, encrypted, packed in an unknown way: each has errors of several modules
            raise OSError(name) from None

    head = read


def normalized(name: str) -> str:
    """`name` as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def headers(content: bytes) -> Iterator[Tuple[str, str]]:
    """The header fields of a METADATA file up to its first blank line: lower-case names, values unfolded."""
    lines: List[str] = []
    for line in content.decode("utf-8", "replace").splitlines():
        if not line.strip():
            break
        if line[0] in " \t" and lines:
            lines[-1] += " " + line.strip()
        else:
            lines.append(line)
    for name, colon, value in (each.partition(":") for each in lines):
        if colon:
            yield name.strip().lower(), value.strip()


def requires_txt(text: str) -> Tuple[List[str], List[str]]:
    """The Requires-Dist lines and the extras that an egg's `requires.txt` stands for."""
    requires, extras, suffix = [], [], ""
    for line in (each.strip() for each in text.splitlines()):
        section = _SECTION.fullmatch(line)
        if section:
            extra, marker = section.group("extra"), section.group("marker")
            parts = ["({})".format(marker)] if marker else []
            if extra:
                parts.append('extra == "{}"'.format(extra))
                extras.append(extra)
            suffix = " ; " + " and ".join(parts) if parts else ""
        elif line and not line.startswith("#"):
            requires.append(line + suffix)
    return requires, extras


def metadata_of(folder: Union[Folder, Archive], name: str, kind: str) -> bytes:
    """The METADATA or PKG-INFO behind the entry `name`.

    Raises:
        UnreadableError: it is not there, or can't be opened.
    """
    inner = "METADATA" if kind == "dist-info" else "PKG-INFO"
    try:
        try:
            return folder.head("{}/{}".format(name, inner))
        except NotADirectoryError:
            # The oldest installers wrote a plain file called NAME.egg-info.
            return folder.head(name)
    except FileNotFoundError:
        raise UnreadableError("its metadata folder holds no {}".format(inner)) from None
    except OSError:
        raise UnreadableError("its {} can't be opened".format(inner)) from None


def optional(folder: Union[Folder, Archive], name: str) -> str:
    """The text of the file `name`; empty where there is none."""
    try:
        return folder.read(name).decode("utf-8", "replace")
    except OSError:
        return ""


def distribution(folder: Union[Folder, Archive], entry: str) -> Json:
    """What the metadata folder `entry` says of one distribution; `problem` tells where it says too little."""
    parts = _FOLDER.fullmatch(entry)
    kind = parts.group("kind") if parts else "egg-info"
    found: Json = {
        "name": (parts.group("name") if parts else "") or entry,
        "version": (parts.group("version") if parts else "") or "",
        "requires": [],
        "requires_python": None,
        "provides": [],
        "classifiers": [],
        "location": folder.path,
        "record": optional(folder, entry + "/RECORD") if kind == "dist-info" else "",
        "installer": None,
        "url": None,
        "editable": False,
        "problem": None,
    }
    try:
        fields = list(headers(metadata_of(folder, entry, kind)))
        take_headers(found, fields)
        if kind != "dist-info" and not found["requires"]:
            found["requires"], extras = requires_txt(optional(folder, entry + "/requires.txt"))
            found["provides"] = sorted(set(found["provides"] + extras))
    except UnreadableError as error:
        found["problem"] = str(error)
    found["installer"] = optional(folder, entry + "/INSTALLER").strip() or None
    take_direct_url(found, optional(folder, entry + "/direct_url.json"))
    return found


def take_headers(found: Json, fields: List[Tuple[str, str]]) -> None:
    """Put the header fields into `found`.

    Raises:
        UnreadableError: the name or the version is missing; the folder's own name stands in for them.
    """
    every: Dict[str, List[str]] = {}
    for name, value in fields:
        every.setdefault(name, []).append(value)
    found["requires"] = every.get("requires-dist", [])
    found["requires_python"] = every.get("requires-python", [""])[0] or None
    found["provides"] = sorted(set(every.get("provides-extra", [])))
    found["classifiers"] = [
        each for each in every.get("classifier", []) if each.startswith("Programming Language :: Python")
    ]
    for field in ("name", "version"):
        value = every.get(field, [""])[0]
        if not value:
            raise UnreadableError("its metadata has no {}".format(field.capitalize()))
        found[field] = value


def take_direct_url(found: Json, text: str) -> None:
    """Put PEP 610's direct URL into `found`, where there is one."""
    try:
        direct = json.loads(text) if text else {}
        found["url"] = direct.get("url")
        found["editable"] = bool(direct.get("dir_info", {}).get("editable", False))
    except (ValueError, AttributeError):
        found["problem"] = found["problem"] or "its direct_url.json is no JSON object"


def read_entry(path: str) -> Tuple[List[Json], List[str]]:
    """The distributions in one entry of the import path, and the leftovers of interrupted uninstalls. Raises OSError."""
    folder = Archive(path) if os.path.isfile(path) else Folder(path)
    names = folder.names()
    if path.endswith(".egg"):
        return [egg(folder, path)], []
    found, leftovers = [], []
    for name in (each for each in names if each.endswith((".dist-info", ".egg-info"))):
        # An uninstall that was interrupted leaves `~elery-5.4.0.dist-info`; the oldest pips wrote `-elery-…`.
        if name.startswith(("~", "-")):
            leftovers.append(os.path.join(path, name))
        else:
            found.append(distribution(folder, name))
    return found, leftovers


def egg(folder: Union[Folder, Archive], path: str) -> Json:
    """The distribution that an egg on the import path is; its file name stands in where EGG-INFO says too little."""
    found = distribution(folder, "EGG-INFO")
    parts = _FOLDER.fullmatch(os.path.basename(path))
    if found["name"] == "EGG-INFO" and parts:
        found["name"], found["version"] = parts.group("name"), parts.group("version") or ""
    return found


def read_distributions(paths: List[str]) -> Json:
    """All distributions on `paths`. Of one name in several entries the first entry's counts, as it does for import."""
    found: List[Json] = []
    leftovers: List[str] = []
    unlisted: List[str] = []
    first: Dict[str, str] = {}
    for path in paths:
        try:
            here, left = read_entry(path)
        except FileNotFoundError:
            continue
        except Exception:  # noqa: BLE001 - a folder inside a zip, which can be imported from, or a zip that is torn in any way
            unlisted.append(path)
            continue
        found += [each for each in here if first.setdefault(normalized(each["name"]), path) == path]
        leftovers += left
    return {"distributions": found, "leftovers": leftovers, "unlisted": unlisted}


def clashes(found: List[Json]) -> List[Json]:
    """The module files that several of `found` claim and that are not what each of them wrote.

    Takes `record` out of each of `found`, and puts in whether what it wrote is known, and what of that it bundles.
    """
    sharers: Dict[Tuple[str, str], List[Tuple[Json, str]]] = {}
    for each in found:
        record = each.pop("record")
        each["listed"] = 0 < len(record) < MOST_BYTES
        each["bundled"] = sorted(set(_LIBRARY.findall(record) + _PROGRAM.findall(record)))
        # To take every line apart would cost more than all else here; few distributions share a name at the top.
        for run in _RUN.finditer(record):
            sharers.setdefault((each["location"], run.group(1)), []).append((each, run.group()))
    claims: Dict[Tuple[str, str], List[Tuple[Json, str]]] = {}
    for (location, _), several in sharers.items():
        for each, lines in several if len(several) > 1 else ():
            for path, recorded in _MODULE.findall(lines):
                claims.setdefault((location, path), []).append((each, recorded))
    told = (clash(*key, claims[key]) for key in sorted(claims) if len(claims[key]) > 1)
    return [each for each in told if each]


def clash(location: str, path: str, claimed: List[Tuple[Json, str]]) -> Optional[Json]:
    """Who surely claims the file `path`, and whose it is by its hash; None where all wrote the same, or it is there to be shared."""
    if len({normalized(each["name"]) for each, _ in claimed}) == 1 or len({recorded for _, recorded in claimed}) == 1:
        return None
    try:
        with open(os.path.join(location, path), "rb") as stream:
            content: Optional[bytes] = stream.read()
    except FileNotFoundError:
        content = None
    except OSError:
        content, claimed = None, [(each, "") for each, _ in claimed]
    if content is not None and path.endswith("__init__.py") and _SHARING.search(content):
        return None
    for each, recorded in claimed:
        each["listed"] = each["listed"] and bool(recorded)
    claims = [
        {"name": each["name"], "version": each["version"], "hash": recorded, "on_disk": hashed(content, recorded)}
        for each, recorded in claimed
        if recorded
    ]
    return {"path": path, "claims": claims}


def hashed(content: Optional[bytes], recorded: str) -> bool:
    """Whether `content` has the hash `recorded`, which is written as RECORD does: `sha256=` and unpadded base64."""
    import base64
    import hashlib

    name, _, expected = recorded.partition("=")
    try:
        digest = hashlib.new(name, content).digest() if content is not None else b""
    except ValueError:
        return False
    return base64.urlsafe_b64encode(digest).decode("ascii").rstrip("=") == expected


def markers() -> Dict[str, str]:
    """The PEP 508 marker environment."""
    info = sys.implementation.version
    version = "{0.major}.{0.minor}.{0.micro}".format(info)
    if info.releaselevel != "final":
        version += info.releaselevel[0] + str(info.serial)
    return {
        "implementation_name": sys.implementation.name,
        "implementation_version": version,
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_python_implementation": platform.python_implementation(),
        "platform_release": platform.release(),
        "platform_system": platform.system(),
        "platform_version": platform.version(),
        "python_full_version": platform.python_version(),
        "python_version": ".".join(platform.python_version_tuple()[:2]),
        "sys_platform": sys.platform,
    }


def bundled_pip() -> Optional[str]:
    """The newest pip wheel that ships with this Python for `ensurepip`, or None: distributions move or remove it."""
    spec = find_spec("ensurepip")
    places = [os.path.join(os.path.dirname(spec.origin), "_bundled")] if spec and spec.origin else []
    for place in [*places, *_wheel_folder(places)]:
        try:
            wheels = [name for name in os.listdir(place) if re.fullmatch(r"pip-\d.*\.whl", name)]
        except OSError:
            continue
        if wheels:
            newest = max(wheels, key=lambda name: [int(each) for each in re.findall(r"\d+", name.split("-")[1])])
            return os.path.join(place, newest)
    return None


def _wheel_folder(places: List[str]) -> Iterator[str]:
    """Where Debian and Fedora keep the wheels instead; asked last, since `sysconfig` is slow to say."""
    if not any(os.path.isdir(place) and os.listdir(place) for place in places):
        import sysconfig

        folder = sysconfig.get_config_var("WHEEL_PKG_DIR")
        if folder:
            yield str(folder)


def read() -> Json:
    """This interpreter and its distributions, as JSON values."""
    found = read_distributions(list(dict.fromkeys(sys.path)))
    return {
        "version": platform.python_version(),
        "implementation": platform.python_implementation(),
        "platform": "{}-{}".format(sys.platform, platform.machine()),
        "prefix": sys.prefix,
        "base_prefix": sys.base_prefix,
        "markers": markers(),
        "site_packages": [path for path in sys.path if path.endswith(_SITES) and os.path.isdir(path)],
        "pip": next((each["version"] for each in found["distributions"] if normalized(each["name"]) == "pip"), None),
        "bundled_pip": bundled_pip(),
        "clashes": clashes(found["distributions"]),
        **found,
    }


def main() -> None:
    """Print the frame, past whatever has been made of `sys.stdout`."""
    sys.stdout.flush()
    told = json.dumps(read(), sort_keys=True, ensure_ascii=False)
    frame = "\n{}\n{}\n{}\n".format(BEGIN, told, END).encode("utf-8", "replace")
    while frame:
        frame = frame[os.write(1, frame) :]


if __name__ == "__main__":
    main()
