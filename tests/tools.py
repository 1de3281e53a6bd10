"""Finds the real tools that the integration tests run against."""

import os
import shutil
import sys

import pytest

from stackaudit.model.deadline import Deadline
from stackaudit.outside.index import ask
from stackaudit.outside.index_pages import Page
from stackaudit.outside.index_settings import index_settings


def require(program: str) -> str:
    """The path of `program` on PATH. Where it is missing the test is skipped, and fails where CI promises that all tools are there."""
    path = shutil.which(program)
    if path is not None:
        return path
    sentence = f"{program} is not on PATH, and this test runs the real one"
    if os.environ.get("STACKAUDIT_REQUIRE_TOOLS") == "1":
        pytest.fail(sentence)
    pytest.skip(sentence)


def require_index() -> None:
    """Where the package index that pip is configured for can't be reached the test is skipped, and fails where CI promises it."""
    deadline = Deadline(10)
    settings = index_settings(sys.prefix)
    if settings.urls and isinstance(ask(["pip"], settings, deadline)["pip"], Page):
        return
    sentence = "the package index can't be reached, and this test asks the real one"
    if os.environ.get("STACKAUDIT_REQUIRE_TOOLS") == "1":
        pytest.fail(sentence)
    pytest.skip(sentence)
