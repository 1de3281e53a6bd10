"""Reads settings: option over environment over file over default, and each knows where it came from."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from stackaudit.inputs import waivers as waived
from stackaudit.inputs._setting_values import ADVISORIES, is_url, located, problem_of
from stackaudit.inputs._text import Toml, read_toml
from stackaudit.inputs._toml_tables import did_you_mean
from stackaudit.inputs.setting_keys import KEYS, Key
from stackaudit.model.errors import Fault, InputError
from stackaudit.model.manifest import Setting, SettingValue
from stackaudit.model.places import Place
from stackaudit.model.secret import redact
from stackaudit.model.values import dataclass
from stackaudit.model.waivers import Waiver

_DEFAULT = Place(path="default")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All settings, each with its place; `file` is the one that they and the waivers were read from, if any; `root` is its folder."""

    settings: tuple[Setting, ...]
    root: Path
    file: Path | None
    waivers: tuple[Waiver, ...] = ()

    def get(self, name: str) -> Setting:
        """The setting called `name`, as in TOML."""
        return next(setting for setting in self.settings if setting.name == name)

    def without(self, name: str) -> "Settings":
        """These, with nothing in the setting `name`."""
        return replace(
            self, settings=tuple(replace(each, value=None) if each.name == name else each for each in self.settings)
        )

    def base_of(self, name: str, folder: Path) -> Path:
        """What a relative path in setting `name` counts from: where the command was called in `folder`, else the settings file's folder."""
        return folder if _is_of_the_call(self.get(name)) else self.root

    def text(self, name: str) -> str | None:
        """The value of the string setting `name`, None where it is not set."""
        value = self.get(name).value
        return value if isinstance(value, str) else None

    def texts(self, name: str) -> tuple[str, ...]:
        """The values of the repeatable setting `name`."""
        value = self.get(name).value
        return value if isinstance(value, tuple) else ()

    def number(self, name: str) -> float:
        """The value of the numeric setting `name`."""
        value = self.get(name).value
        return float(value) if isinstance(value, int | float) else 0.0

    def flag(self, name: str) -> bool:
        """Whether the boolean setting `name` is on."""
        return self.get(name).value is True


def resolve(options: Mapping[str, SettingValue], environ: Mapping[str, str], start: Path) -> Settings:
    """The settings for a call made in folder `start`.

    `options` holds what the command line gave, by TOML names; None and an empty tuple mean "not given".

    Raises:
        InputError: an unknown key, a wrong type or an unknown choice in the file or in the environment; all of them at once.
    """
    file = settings_file(start)
    root = file.parent if file else _root(start)
    faults: list[Fault] = []
    toml = read_toml(file, start) if file else None
    if isinstance(toml, Fault):
        faults.append(toml)
        toml = None
    prefix = prefix_of(file) if file else ()
    declared = _declared(toml, prefix, faults) if toml else {}
    waivers, wrong_waivers = waived.read(toml, prefix, root) if toml else ((), [])
    faults += wrong_waivers
    settings = []
    for key in KEYS:
        given = options.get(key.name)
        if given is not None and given != ():
            chosen = Setting(name=key.name, value=given, where=Place(path=f"option --{key.name}"))
        elif environ.get(_variable(key), "").strip():
            chosen = _from_environment(key, environ[_variable(key)], faults)
        else:
            chosen = declared.get(key.name, Setting(name=key.name, value=key.default, where=_DEFAULT))
        wrong = _faults_of(key, chosen)
        faults += wrong
        settings.append(chosen if wrong else _placed(chosen, start, root))
    faults += _missing_advisories(settings, start)
    if faults:
        raise InputError(faults)
    return Settings(settings=tuple(settings), root=root, file=file, waivers=waivers)


def _is_of_the_call(setting: Setting) -> bool:
    """Whether it was said in the call itself: by an option or in the environment."""
    return setting.where.path.startswith(("option ", "environment "))


def _placed(setting: Setting, start: Path, root: Path) -> Setting:
    """`setting`, whose relative path counts from where it was said."""
    base = Path() if root == start or _is_of_the_call(setting) else root
    return (
        replace(setting, value=located(setting.name, setting.value, base))
        if isinstance(setting.value, str)
        else setting
    )


def _missing_advisories(settings: Sequence[Setting], start: Path) -> list[Fault]:
    found = next(each for each in settings if each.name == "advisories")
    value = str(found.value)
    if value in ADVISORIES or is_url(value) or (start / value).exists():
        return []
    message = f"`advisories`: there is no {redact(value)}"
    return [
        Fault(
            where=found.where, message=message, hint=f"give {', '.join(ADVISORIES)}, a URL, or the path of a local copy"
        )
    ]


def _root(start: Path) -> Path:
    """The project's folder where no file speaks of us: that of the nearest `pyproject.toml` in the repository, else `start`."""
    for folder in (start, *start.parents):
        if (folder / "pyproject.toml").is_file():
            return folder
        if (folder / ".git").exists():
            break
    return start


def settings_file(start: Path) -> Path | None:
    """The nearest `stackaudit.toml`, or `pyproject.toml` with a `[tool.stackaudit]` table, in `start` or above it.

    The search ends at the first folder that holds a `.git`.
    """
    for folder in (start, *start.parents):
        own = folder / "stackaudit.toml"
        if own.is_file():
            return own
        project = folder / "pyproject.toml"
        if project.is_file() and _mentions_us(project):
            return project
        if (folder / ".git").exists():
            return None
    return None


def _mentions_us(path: Path) -> bool:
    try:
        return "tool.stackaudit" in path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False


def _variable(key: Key) -> str:
    return "STACKAUDIT_" + key.name.upper().replace("-", "_")


def _from_environment(key: Key, text: str, faults: list[Fault]) -> Setting:
    where = Place(path=f"environment {_variable(key)}")
    value: SettingValue = text
    if key.kind is tuple:
        value = tuple(part for part in text.replace(",", " ").split() if part)
    elif key.kind is bool:
        value = _BOOLEANS.get(text.strip().lower())
    elif key.kind is float:
        value = _number(text)
    if value is None:
        faults.append(Fault(where=where, message=f"{text!r} is not {_NAMES[key.kind]}"))
    return Setting(name=key.name, value=value, where=where)


_BOOLEANS = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
_NAMES = {str: "a string", tuple: "a list of strings", bool: "true or false", float: "a number"}


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def prefix_of(file: Path) -> tuple[str, ...]:
    """Where in `file` the settings stand: in its outermost table, or in `[tool.stackaudit]`."""
    return () if file.name == "stackaudit.toml" else ("tool", "stackaudit")


def _declared(toml: Toml, prefix: tuple[str, ...], faults: list[Fault]) -> dict[str, Setting]:
    table: object = toml.table
    for part in prefix:
        table = table.get(part, {}) if isinstance(table, dict) else {}
    found: dict[str, Setting] = {}
    for name, value in table.items() if isinstance(table, dict) else ():
        if name == waived.KEY:
            continue
        where = toml.at(*prefix, name)
        key = next((key for key in KEYS if key.name == name), None)
        if key is None:
            near = did_you_mean(name, [waived.KEY, *(key.name for key in KEYS)])
            hint = _NO_TABLE if name == "tool" and not prefix else near
            faults.append(Fault(where=where, message=f"unknown key `{name}`", hint=hint))
            continue
        listed = [value] if key.single and isinstance(value, str) else value
        found[name] = Setting(name=name, value=_from_toml(listed), where=where)
    return found


_NO_TABLE = "leave the line [tool.stackaudit] out: in this file the keys stand in no table"


def _from_toml(value: SettingValue | list[str] | date) -> SettingValue:
    """A TOML date is as good as one in quotes."""
    if isinstance(value, date):
        return value.isoformat()
    return tuple(value) if isinstance(value, list) else value


def _faults_of(key: Key, setting: Setting) -> list[Fault]:
    value = setting.value
    if value is None:
        return []
    if not _is_of(key.kind, value):
        shown = redact(str(value))
        hint = "write it in quotes" if key.kind is str and isinstance(value, int | float) else None
        return [Fault(where=setting.where, message=f"`{key.name}` is {_NAMES[key.kind]}, not {shown!r}", hint=hint)]
    problem = problem_of(key.name, value)
    if problem is not None:
        return [Fault(where=setting.where, message=f"`{key.name}` {problem}")]
    values = value if isinstance(value, tuple) else (value,)
    return [
        Fault(
            where=setting.where,
            message=f"`{key.name}` can't be {each!r}",
            hint=did_you_mean(str(each), key.choices),
        )
        for each in values
        if key.choices and each not in key.choices
    ]


def _is_of(kind: type, value: SettingValue) -> bool:
    if kind is float:
        return isinstance(value, int | float) and not isinstance(value, bool)
    if kind is tuple:
        return isinstance(value, tuple) and all(isinstance(each, str) for each in value)
    return isinstance(value, kind)
