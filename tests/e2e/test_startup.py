"""Nothing heavy is imported before it is needed: held by names, since times flake."""

import subprocess
import sys

import pytest

HEAVY = {
    "celery",
    "kombu",
    "redis",
    "pydantic",
    "packaging",
    "rich",
    "pip_audit",
    "requests",
    "jinja2",
    "markdown_it",
    "ffmpeg",
    "pip_requirements_parser",
    "cvss",
    "yaml",
}


def imported(*arguments: str) -> set[str]:
    program = (
        "import sys\nsys.argv = ['stackaudit', *sys.argv[1:]]\n"
        "from stackaudit.__main__ import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "sys.stderr.write(' '.join({name.partition('.')[0] for name in sys.modules}))\n"
    )
    done = subprocess.run([sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True)
    return set(done.stderr.split())


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["check", "--help"],
        ["diff", "--help"],
        ["explain", "--help"],
        ["matrix", "show", "--help"],
        ["advisories", "sync", "--help"],
        ["--version", "--help"],
    ],
)
def test_help_imports_nothing_heavy(arguments: list[str]) -> None:
    assert not HEAVY & imported(*arguments)


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_the_version_imports_not_even_typer(option: str) -> None:
    assert not (HEAVY | {"typer", "dataclasses"}) & imported(option)
