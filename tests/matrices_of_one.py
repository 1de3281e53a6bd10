"""Writes matrices of one row, to certify."""

import sys
from collections.abc import Sequence
from pathlib import Path

HERE = f"{sys.version_info.major}.{sys.version_info.minor}"

HEAD = f"""\
schema = "stackaudit/matrix/1"
name = "NAME"
title = "A stack"
version = "1"
looked_at = 2026-11-22

[python]
source = "https://example.org/python"

[python.branches]
"{HERE}" = {{}}
"""
PACKAGE = """
[package.NAME]
role = "part"
required = true
source = "https://example.org/NAME"

[[package.NAME.range]]
versions = ">=VERSION,<9"
releases = { "VERSION" = 2026-10-01 }
requires_python = ">=3.8"
pythons = []
"""


def written(folder: Path, name: str, pins: Sequence[str]) -> Path:
    """The matrix `name` of a project in `folder`: one row of `pins`, on the Python that runs this."""
    (folder / "matrices").mkdir(exist_ok=True)
    pairs = (pin.split("==") for pin in pins)
    packages = (PACKAGE.replace("NAME", each).replace("VERSION", version) for each, version in pairs)
    path = folder / "matrices" / f"{name}.toml"
    path.write_text(HEAD.replace("NAME", name) + "".join(packages), encoding="utf-8")
    return path
