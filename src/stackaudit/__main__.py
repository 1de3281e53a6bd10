"""The console entry: answers `--version` before anything is imported, and is the one wall against tracebacks."""

import gc
import io
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:  # the module `typing` would cost more than all else that `--version` loads
    from _typeshed import ReadableBuffer


class _Diagnostics(io.FileIO):
    """Standard error: what can't be written to it any more, since its terminal has gone or its disk is full, changes no status."""

    def write(self, data: "ReadableBuffer", /) -> int:
        try:
            return super().write(data)
        except OSError:
            return memoryview(data).nbytes


def main() -> None:
    """Run the command line, and exit with its status."""
    _open_streams()
    if sys.argv[1:] in (["--version"], ["-V"]):
        from stackaudit import __version__

        sys.stdout.write(f"stackaudit {__version__}\n")
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


def _open_streams() -> None:
    """Put the null device where the caller closed a standard stream: what is told there is not wanted, and the status still counts.

    The descriptor itself is taken too: else the next file or socket gets its number, and what a child process prints goes there.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            # The lowest free number is given out: the ones below are open by now.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
    for name, number, mode in (("stdin", 0, "r"), ("stdout", 1, "w"), ("stderr", 2, "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8"))
    raw = io.BufferedWriter(_Diagnostics(2, "w", closefd=False))
    sys.stderr = io.TextIOWrapper(raw, sys.stderr.encoding, sys.stderr.errors, line_buffering=True, write_through=True)


if __name__ == "__main__":
    main()
