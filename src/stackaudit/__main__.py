"""The console entry: answers `--version` before anything is imported, and is the one wall against tracebacks."""

import gc
import io
import os
import sys


def main() -> None:
    """Run the command line, and exit with its status."""
    _open_streams()
    if sys.argv[1:] in (["--version"], ["-V"]):
        from stackaudit import __version__

        if _printed(f"stackaudit {__version__}\n"):
            return
    # What an audit makes lives until its end: the collector would look through all of it again and again, for a fifth of the time.
    gc.set_threshold(1_000_000, 50, 100)
    try:
        from stackaudit.cli.app import run
    except KeyboardInterrupt:
        # Loading takes a good part of a short call, and `run` catches what comes after it.
        sys.stderr.write("stackaudit: interrupted; nothing was concluded\n")
        sys.exit(130)
    except SystemExit:
        # A script that lies on the path of modules under the name of one of them: its status is no verdict.
        sys.stderr.write(
            "stackaudit: a module that it imports ended it; nothing was concluded; see what PYTHONPATH holds\n"
        )
        sys.exit(70)
    status = run(sys.argv[1:])
    # At its end the interpreter would look through all of it twice more, for a tenth of the time; what must be tidied up has been by now.
    gc.freeze()
    sys.exit(status)


def _printed(text: str) -> bool:
    """Whether `text` got out; where it did not, the whole program says why."""
    try:
        return os.write(1, text.encode()) > 0
    except OSError:
        return False


def _open_streams() -> None:
    """Put the null device where the caller closed a standard stream; to standard output it can't be written: a result that is lost is told.

    The descriptor itself is taken too: else the next file or socket gets its number, and what a child process prints goes there.
    """
    for number, flags in enumerate((os.O_RDONLY, os.O_RDONLY, os.O_RDWR)):
        try:
            os.fstat(number)
        except OSError:
            # The lowest free number is given out: the ones below are open by now.
            os.set_inheritable(os.open(os.devnull, flags), True)
    for name, number, mode in (("stdin", 0, "r"), ("stdout", 1, "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8"))
    encoding = "utf-8" if sys.stderr is None else sys.stderr.encoding
    sys.stderr = _Diagnostics(os.fdopen(2, "wb", closefd=False), encoding, "backslashreplace", line_buffering=True)


class _Diagnostics(io.TextIOWrapper):
    """Standard error, which drops what nobody takes: what is told there changes no status."""

    def write(self, text: str, /) -> int:
        try:
            return super().write(text)
        except OSError:
            return len(text)

    def flush(self) -> None:
        try:
            super().flush()
        except OSError:
            return


if __name__ == "__main__":
    main()
