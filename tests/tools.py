"""Finds the real tools that the integration tests run against."""

import os
import shutil

import pytest


def require(program: str) -> str:
    """The path of `program` on PATH. Where it is missing the test is skipped, and fails where CI promises that all tools are there."""
    path = shutil.which(program)
    if path is not None:
        return path
    sentence = f"{program} is not on PATH, and this test runs the real one"
    if os.environ.get("STACKAUDIT_REQUIRE_TOOLS") == "1":
        pytest.fail(sentence)
    pytest.skip(sentence)
