"""Why an environment could not be built is said in one sentence, without the installer's noise."""

import pytest

from stackaudit.lab.environments import explained

UV_CONFLICT = """\
error: No solution found when resolving dependencies
  cause: Because celery>=5.7.0 depends on kombu>=5.7.0 and you require celery==5.7.0, we can conclude that you require kombu>=5.7.0.
         And because you require kombu==5.6.1, we can conclude that your requirements are unsatisfiable.
"""
OLDER_UV_CONFLICT = """\
  \N{MULTIPLICATION SIGN} No solution found when resolving dependencies:
  ╰─▶ Because there is no version of celery==9.9.9 and you require celery==9.9.9, we can conclude that your
      requirements are unsatisfiable.
"""
PIP_CONFLICT = """\
INFO: pip is looking at multiple versions of celery to determine which version is compatible.
ERROR: Cannot install celery==5.7.0 and kombu==5.6.1 because these package versions have conflicting dependencies.

The conflict is caused by:
    The user requested kombu==5.6.1
    celery 5.7.0 depends on kombu>=5.7.0

Additional packages available for your requirements
ERROR: ResolutionImpossible: for help visit https://example.org/
"""


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (UV_CONFLICT, "And because you require kombu==5.6.1"),
        (OLDER_UV_CONFLICT, "there is no version of celery==9.9.9"),
        (PIP_CONFLICT, "celery 5.7.0 depends on kombu>=5.7.0"),
        (
            "ERROR: No matching distribution found for celery==9.9.9\n",
            "No matching distribution found for celery==9.9.9",
        ),
    ],
)
def test_pins_that_do_not_go_together_are_told_with_the_resolvers_reason(output: str, words: str) -> None:
    error = explained(output, "3.11", "/tmp/folder")
    assert error.message.startswith("the pins can't be installed together: ")
    assert words in error.message
    assert "\n" not in error.message
    assert "No solution found" not in error.message


@pytest.mark.parametrize(
    "output",
    [
        "error: Failed to fetch: `https://user:hunter2@example.org/simple/celery/`\n  cause: dns error\n",
        "WARNING: Retrying: Failed to establish a new connection\nERROR: No matching distribution found for celery",
    ],
)
def test_a_network_that_is_down_is_not_taken_for_pins_that_do_not_fit(output: str) -> None:
    error = explained(output, "3.11", "/tmp/folder")
    assert "could not be downloaded" in error.message
    assert "hunter2" not in error.message


def test_offline_says_that_it_may_not_download() -> None:
    output = "error: No solution found when resolving dependencies\nhint: Packages were unavailable because the network was disabled.\n"
    for forbidden in ("--offline", "UV_OFFLINE"):
        assert f"and {forbidden} allows no download" in explained(output, "3.11", "/tmp/folder", forbidden).message


def test_neither_secrets_nor_the_temporary_folder_are_told() -> None:
    output = "error: something odd in /tmp/folder/env with https://user:hunter2@example.org/x?token=abc\n"
    message = explained(output, "3.11", "/tmp/folder").message
    assert "something odd in the sandbox/env" in message
    assert not any(word in message for word in ("hunter2", "abc", "/tmp/folder", "example.org"))


def test_an_installer_that_says_nothing_is_still_told_in_a_sentence() -> None:
    assert explained("", "3.11", "/tmp/folder").message.endswith("the installer did not say why")


def test_a_python_that_is_not_there_is_named() -> None:
    output = "error: No interpreter found for Python 3.99 in managed installations or search path\n"
    assert "3.99" in explained(output, "3.99", "/tmp/folder").message


@pytest.mark.parametrize(
    "output",
    [
        "The virtual environment was not created successfully because ensurepip is not\navailable.  On Debian/Ubuntu systems, ...\n",
        "Error: Command '['/x/env/bin/python', '-m', 'ensurepip', '--upgrade']' returned non-zero exit status 1.\n",
    ],
    ids=["Debian", "any other"],
)
def test_a_python_that_makes_no_environment_is_told_apart_from_one_that_is_not_there(output: str) -> None:
    error = explained(output, "/usr/bin/python3", "/tmp/folder")
    assert "the ensurepip of /usr/bin/python3 is missing or does not work" in error.message
    assert "install uv" in str(error.hint)
