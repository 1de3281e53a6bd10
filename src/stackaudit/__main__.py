"""The console entry: answers `--version` before anything is imported, and is the one wall against tracebacks."""

import sys


def main() -> None:
    """Run the command line, and exit with its status."""
    if sys.argv[1:] in (["--version"], ["-V"]):
        from stackaudit import __version__

        sys.stdout.write(f"stackaudit {__version__}\n")
        return
    from stackaudit.cli.app import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
