"""The command line's frame: the commands, and what becomes of every way in which one can end."""

import errno
import signal
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from types import FrameType

import typer

from stackaudit import __version__
from stackaudit.cli.exits import Exit, Interrupted
from stackaudit.cli.options import PlainCommand
from stackaudit.cli.output import plain, write
from stackaudit.model.errors import InputError, SandboxError, StackauditError, UnfitError
from stackaudit.model.secret import redact

_EPILOG = (
    "Settings come from [tool.stackaudit] in pyproject.toml, stackaudit.toml and STACKAUDIT_* variables. "
    "Exit status: 0 pass or warn, 1 fail, 2 wrong usage or input, 3 unknown, 130 interrupted."
)


def _print_version(value: bool) -> None:  # noqa: FBT001 - Typer's callbacks take the value alone
    if value:
        write(f"stackaudit {__version__}\n")
        raise typer.Exit


def _print_help(context: typer.Context, value: bool) -> None:  # noqa: FBT001 - Typer's callbacks take the value alone
    if value:
        write(f"{context.get_help()}\n")
        raise typer.Exit


def _frame(
    context: typer.Context,
    *,
    # Typer's own help option, left out, loads the whole validation library whenever a command is named.
    show_help: bool = typer.Option(  # noqa: ARG001 - its callback answers
        False, "-h", "--help", help="Show this message and exit.", callback=_print_help, is_eager=True
    ),
    version: bool = typer.Option(  # noqa: ARG001 - its callback answers
        False, "-V", "--version", help="Print the version and exit.", callback=_print_version, is_eager=True
    ),
) -> None:
    if context.invoked_subcommand is None:
        write(f"{context.get_help()}\n")


def _group(
    context: typer.Context,
    *,
    show_help: bool = typer.Option(  # noqa: ARG001 - its callback answers
        False, "-h", "--help", help="Show this message and exit.", callback=_print_help, is_eager=True
    ),
) -> None:
    if context.invoked_subcommand is None:
        write(f"{context.get_help()}\n")


_AUDITS = ("check", "report", "verify", "smoke", "drill", "fleet")
_COMMANDS = ("check", "report", "verify", "diff", "smoke", "drill", "fleet", "explain", "init", "waive")
"""Each is the function of that name in the module of that name."""

_FULL = (errno.ENOSPC, errno.EDQUOT)

_ENDING = (signal.SIGINT, signal.SIGTERM)


def build(named: str) -> typer.Typer:
    """The application with the command `named` alone, and where there is none of that name with all of them.

    To load a command and to look through its options takes a hundredth of a second. The completion options are left out where a command is
    named: they would load Typer's validation library, to see that they are not given.
    """
    app = typer.Typer(
        name="stackaudit",
        help="Audit a production Python stack (Celery + Redis + FFmpeg), and tell the truth about it.",
        epilog=_EPILOG,
        rich_markup_mode=None,
        add_completion=named.startswith("-"),
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    app.callback(invoke_without_command=True, add_help_option=False)(_frame)
    groups = {"matrix": _matrices, "advisories": _advisories}
    known = (*_COMMANDS, *groups)
    for name in (named,) if named in known else known:
        if name in groups:
            group, about = groups[name]()
            app.add_typer(group, name=name, help=about)
            continue
        module = import_module(f"stackaudit.cli.{name}")
        epilog = _EPILOG if name in _AUDITS else None
        app.command(name, cls=PlainCommand, help=module.HELP, epilog=epilog)(vars(module)[name])
    return app


def _matrices() -> tuple[typer.Typer, str]:
    from stackaudit.cli import certify, derive, matrix

    group = typer.Typer(rich_markup_mode=None, add_completion=False)
    group.callback(invoke_without_command=True, add_help_option=False)(_group)
    group.command("list", cls=PlainCommand, help=matrix.LIST)(matrix.list_)
    group.command("show", cls=PlainCommand, help=matrix.SHOW)(matrix.show)
    group.command("lint", cls=PlainCommand, help=matrix.LINT)(matrix.lint)
    group.command("certify", cls=PlainCommand, help=certify.HELP)(certify.certify)
    group.command("derive", cls=PlainCommand, help=derive.HELP)(derive.derive)
    return group, matrix.HELP


def _advisories() -> tuple[typer.Typer, str]:
    from stackaudit.cli import advisories

    group = typer.Typer(rich_markup_mode=None, add_completion=False)
    group.callback(invoke_without_command=True, add_help_option=False)(_group)
    group.command("sync", cls=PlainCommand, help=advisories.SYNC)(advisories.sync)
    group.command("status", cls=PlainCommand, help=advisories.STATUS)(advisories.status)
    return group, advisories.HELP


def run(arguments: Sequence[str]) -> int:
    """Run the command line `arguments` and return the exit status. Nothing it raises is ever shown as a traceback."""
    for number in _ENDING:
        # What the caller had us ignore (`nohup`, a job in the background) stays ignored.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupted)
    try:
        app = build(next(iter(arguments), "-"))
        return _status(lambda: app(args=list(arguments), prog_name="stackaudit"))
    except StackauditError as error:
        tell(error)
        here_and_now = isinstance(error, SandboxError) and not isinstance(error, UnfitError)
        return Exit.UNKNOWN if here_and_now else Exit.USAGE
    except (Interrupted, KeyboardInterrupt):
        sys.stderr.write("stackaudit: interrupted; nothing was concluded\n")
        return Exit.INTERRUPTED
    except OSError as error:
        if error.errno not in _FULL:
            sys.stderr.write(_save_details(error))
            return Exit.BUG
        tell(
            StackauditError(
                f"nothing was concluded: {error.strerror}",
                hint="make room, or name another folder for temporary files with TMPDIR=FOLDER",
            )
        )
        return Exit.UNKNOWN
    except Exception as error:  # noqa: BLE001 - the wall: a bug ends in one line and a file, never in a traceback
        sys.stderr.write(_save_details(error))
        return Exit.BUG


def _status(call: Callable[[], object]) -> int:
    try:
        call()
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else Exit.PASSED
    return Exit.PASSED


def tell(error: StackauditError) -> None:
    """Print `error` to standard error: each fault on a line of its own, with its place and what to do."""
    lines = []
    if isinstance(error, InputError):
        for fault in error.faults:
            lines += [plain(f"error: {fault}"), *([plain(f"  = fix:  {fault.hint}")] if fault.hint else [])]
    else:
        lines += [plain(f"error: {error.message}"), *([plain(f"  = fix:  {error.hint}")] if error.hint else [])]
    sys.stderr.write(redact("\n".join(lines)) + "\n")


def _interrupted(_signal: int, _frame: FrameType | None) -> None:
    # Once is enough: a second Ctrl-C must not break into the cleaning up after the first.
    for number in _ENDING:
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _save_details(error: Exception) -> str:
    import tempfile
    import traceback

    details = redact("".join(traceback.format_exception(error)))
    told = f"stackaudit: this is a bug ({type(error).__name__}); the details "
    try:
        with tempfile.NamedTemporaryFile(
            "w", prefix="stackaudit-bug-", suffix=".txt", delete=False, encoding="utf-8"
        ) as file:
            file.write(f"stackaudit {__version__}, Python {sys.version}\n\n{details}")
    except OSError as trouble:
        return f"{told}can't be kept: {trouble.strerror}\n"
    return f"{told}are in {file.name}\n"
