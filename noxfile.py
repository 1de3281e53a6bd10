# /// script
# requires-python = ">=3.11"
# dependencies = ["nox>=2025.2.9"]
# ///
"""What must hold before anything lands: `nox`."""

import os
from pathlib import Path

import nox

nox.needs_version = ">=2025.2.9"
nox.options.default_venv_backend = "uv|virtualenv"
nox.options.sessions = ["lint", "types", "contracts", "wheel", "unit", "integration", "e2e"]

PROJECT = nox.project.load_toml("pyproject.toml")

# Most tests of real tools wait for them: one process more than there are processors keeps these busy. A file's tests stay together, since
# they share what is dear to build.
SIDE_BY_SIDE = ("-n", str((os.cpu_count() or 1) + 1), "--dist", "loadfile")


def groups(session: nox.Session, *names: str, project: bool = True) -> None:
    """Install dependency groups, and the project itself, editable."""
    wanted = nox.project.dependency_groups(PROJECT, *names)
    session.install(*wanted, *(["-e", "."] if project else []))


@nox.session
def lint(session: nox.Session) -> None:
    """Style: the formatter and ruff's wide rule set."""
    groups(session, "lint", project=False)
    session.run("ruff", "format", "--check", ".")
    session.run("ruff", "check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Types: mypy, strict."""
    groups(session, "types", "test", "tools")
    session.run("mypy")


@nox.session
def contracts(session: nox.Session) -> None:
    """Import contracts: down only, and pure where judged and told."""
    groups(session, "contracts")
    session.run("lint-imports")


@nox.session
def unit(session: nox.Session) -> None:
    """Values in, values out."""
    groups(session, "test")
    session.run("pytest", "tests/unit", *SIDE_BY_SIDE, *session.posargs)


@nox.session
def integration(session: nox.Session) -> None:
    """The real tools: redis-server, workers, ffmpeg, pip-audit, other Pythons."""
    groups(session, "test", "tools")
    session.run("pytest", "tests/integration", *SIDE_BY_SIDE, *session.posargs)


@nox.session
def e2e(session: nox.Session) -> None:
    """The installed command, from outside."""
    groups(session, "test", "tools")
    session.run("pytest", "tests/e2e", *SIDE_BY_SIDE, *session.posargs)


@nox.session
def wheel(session: nox.Session) -> None:
    """The wheel holds what the checkout holds: built, installed alone, used far from the checkout."""
    session.install("build")
    out = Path(session.create_tmp()).resolve()
    for old in out.glob("*.whl"):
        old.unlink()
    session.run("python", "-m", "build", "--wheel", "--outdir", str(out), ".", silent=True)
    (built,) = out.glob("*.whl")
    session.install("--force-reinstall", str(built))
    seed = Path("tests/projects/seed/requirements.txt").resolve()
    audit = ("stackaudit", "check", "-r", str(seed), "--python-version", "3.11", "--only", "matrix")
    with session.chdir(out):
        for form in ("text", "json", "markdown", "html"):
            session.run(*audit, "--format", form, silent=True)


@nox.session
def drills(session: nox.Session) -> None:
    """Every drill by its catch: bad and good combinations, sabotaged stacks, interruptions; it takes minutes."""
    groups(session, "test", "tools")
    session.run("pytest", "tests/drills", *session.posargs)


@nox.session
def differential(session: nox.Session) -> None:
    """The native engine beside pip-audit over all of a database of advisories, which STACKAUDIT_ADVISORIES names."""
    groups(session, "test", "tools")
    session.run("pytest", "tests/differential", "-s", *session.posargs)


@nox.session
def benchmarks(session: nox.Session) -> None:
    """Ratios against the peers; never a gate."""
    groups(session, "test", "tools")
    session.run("python", "tests/benchmarks/run.py", *session.posargs)
    session.run("python", "tests/benchmarks/combinations.py")
    session.run("python", "tests/benchmarks/cells.py")
    session.run("python", "tests/benchmarks/fleet.py")
