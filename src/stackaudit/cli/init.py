"""`stackaudit init`: a commented `[tool.stackaudit]` table for this project."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from stackaudit.cli.exits import interruptible
from stackaudit.cli.output import mention, write
from stackaudit.model.errors import UsageError

if TYPE_CHECKING:
    from stackaudit.model.manifest import SettingValue

_ABOUT = "what is accepted for a while, and who answers for it; `stackaudit waive` writes one, after all other settings"
_EXAMPLE = (
    'advisory = "CVE-2025-50817"',
    'package = "future"',
    'reason = "nothing here imports it"',
    'owner = "ann"',
    'until = "until-fixed"',
)
"""A waiver; `until` may be a day too, and any day that stood here would pass."""

HELP = "Write a commented [tool.stackaudit] table into this project's pyproject.toml, or into stackaudit.toml."


@interruptible
def init(
    *, print_only: Annotated[bool, typer.Option("--print", help="Print the table and write nothing.")] = False
) -> None:
    """Append the table to `pyproject.toml`, or write `stackaudit.toml` where there is none."""
    from stackaudit.inputs.settings import settings_file
    from stackaudit.outside.files import write_whole

    folder = Path.cwd()
    if print_only:
        write(table("tool.stackaudit"))
        return
    there = settings_file(folder)
    if there is not None:
        raise UsageError(
            f"{there} has settings of stackaudit already", hint="`stackaudit init --print` shows all the keys"
        )
    project = folder / "pyproject.toml"
    try:
        if project.is_file():
            target, text = project, project.read_text(encoding="utf-8").rstrip("\n") + "\n\n" + table("tool.stackaudit")
        else:
            target, text = folder / "stackaudit.toml", table(None)
        write_whole(target, text)
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise UsageError(f"the settings can't be written: {reason}") from None
    mention(f"wrote {target.name}; every key in it is commented out, and shows its default or an example\n")


def table(name: str | None) -> str:
    """The table called `name`, or the keys alone: each setting with a line about it, commented out, at its default or an example."""
    from stackaudit.inputs.setting_keys import KEYS
    from stackaudit.inputs.waivers import KEY

    lines = [f"[{name}]"] if name else []
    for key in KEYS:
        choices = f" ({', '.join(key.choices)})" if key.choices else ""
        value: SettingValue | list[str] = (
            [] if key.default == () else key.example if key.default is None else key.default
        )
        lines += [f"# {key.about}{choices}", f"# {key.name} = {json.dumps(value)}"]
    header = f"[[{name}.{KEY}]]" if name else f"[[{KEY}]]"
    return "\n".join([*lines, *(f"# {each}" for each in (_ABOUT, header, *_EXAMPLE))]) + "\n"
