"""What a worker does after a black hole hangs on its kombu, and on whether its transport tries again after a timeout."""

from dataclasses import replace
from functools import partial

import pytest

from drilling import copy_of, looks_of, problems_of
from stackaudit.lab.drill import Drill
from stackaudit.lab.drills.black_hole import DRILL, TRANSPORT, black_hole
from tools import require

NEWEST = ("celery[redis]==5.7.0", "kombu==5.7.0", "redis==8.1.0", "billiard==4.3.2")
LAST = ("celery==5.6.3", "kombu==5.6.2", "redis==8.1.0")

RETRYING = replace(DRILL, run=partial(black_hole, transport={**TRANSPORT, "retry_on_timeout": True}))

LOST = "did not return within 180 s and never ran, while one that was sent later came back: it is lost"
DEAF = "did not return within 180 s, and one that was sent later did not return within 20 s"


@pytest.mark.parametrize(
    ("pins", "pool", "drill", "said"),
    [
        # It drops the connection that it waits on, takes the task over a new one, and can't note that over the others, which are dead.
        (NEWEST, "prefork", DRILL, LOST),
        (NEWEST, "solo", DRILL, LOST),
        (NEWEST, "prefork", RETRYING, None),
        # It notices by a timeout; where redis-py mends that by itself nobody asks for tasks again.
        (LAST, "prefork", DRILL, None),
        (LAST, "prefork", RETRYING, DEAF),
    ],
)
def test_after_a_black_hole_a_worker_survives_or_not_in_the_same_way_each_time(
    pins: tuple[str, ...], pool: str, drill: Drill, said: str | None
) -> None:
    require("redis-server")
    require("uv")
    expected = () if said is None else (f"a task that was sent after it {said}",)
    with copy_of(pins, pool=pool) as lab:
        looks = looks_of(lab, [drill], repeat=3)
    assert len(looks) == 3
    assert problems_of(looks) == dict.fromkeys(looks, expected)
