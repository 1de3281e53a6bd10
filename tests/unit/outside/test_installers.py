"""Why an installer gave up is told apart: what it can't find says nothing of whether the rest goes together."""

import pytest

from stackaudit.outside.installers import Cause, refusal

UV_ABSENT = """\
error: No solution found when resolving dependencies
  cause: Because app-common was not found in the package registry and you require app-common,
         we can conclude that your requirements are unsatisfiable.
"""
UV_FORBIDDEN = (
    f"{UV_ABSENT}\nhint: An index (https://user:hunter2@index.example/simple) returned a 403 Forbidden error.\n"
)
UV_NO_WHEEL = """\
error: No solution found when resolving dependencies
  cause: Because ffmpeg==1.4 has no usable wheels and you require ffmpeg==1.4, we can conclude that your requirements are unsatisfiable.
"""
PIP_NOTHING = """\
ERROR: Could not find a version that satisfies the requirement celery==5.5.3 (from versions: none)
ERROR: No matching distribution found for celery==5.5.3
"""
PIP_CONFLICT = """\
The conflict is caused by:
    The user requested kombu==5.7.0
    celery 5.5.3 depends on kombu<5.6 and >=5.5.2

Additionally, some packages in these conflicts have no matching distributions available for your environment:
    kombu
"""


@pytest.mark.parametrize(
    ("output", "about"),
    [(UV_ABSENT, "app-common"), (UV_FORBIDDEN, "app-common"), (PIP_NOTHING, "celery==5.5.3")],
    ids=["uv", "uv, 403", "pip"],
)
def test_what_is_not_found_is_named_and_no_proof_that_nothing_goes_together(output: str, about: str) -> None:
    found = refusal(output)
    assert (found.cause, found.about) == (Cause.ABSENT, about)
    assert "hunter2" not in found.reason


def test_a_missing_wheel_is_no_proof_either() -> None:
    assert refusal(UV_NO_WHEEL).cause is Cause.NO_WHEEL


def test_a_conflict_is_told_without_the_noise_around_it() -> None:
    found = refusal(PIP_CONFLICT + "ERROR: ResolutionImpossible\n")
    assert found.cause is Cause.UNSOLVABLE
    assert found.reason.startswith("The user requested kombu==5.7.0 celery 5.5.3 depends on kombu<5.6 and >=5.5.2")
    assert "Additionally" not in found.reason
