"""What is seen of a shipped matrix at a glance is what a whole reading says of it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stackaudit.inputs import fitting, matrices
from stackaudit.inputs._glance import can_fit, entries
from stackaudit.inputs.matrix_source import Source

SOURCES = matrices.shipped()
MATRICES = matrices.read_all()
NAMES = sorted({entry.name for matrix in MATRICES for entry in matrix.packages} | {"flask"})


def text_of(source: Source) -> str:
    content = source.read("")
    assert isinstance(content, bytes)
    return content.decode()


@pytest.mark.parametrize("source", SOURCES, ids=lambda each: each.name)
def test_the_packages_of_each_shipped_matrix_are_seen_with_what_is_required(source: Source) -> None:
    assert entries(text_of(source)) == {each.name: each.required for each in matrices.load(source).packages}


# The first example that fits reads a whole matrix.
@given(
    st.sets(st.sampled_from([*NAMES, "celery[redis]", "kombu[redis]", "celery[sqs]", "flask[async]"])),
    st.sampled_from([None, "redis", "rediss", "amqp", "sqs"]),
)
def test_what_can_fit_at_a_glance_is_all_that_fits(names: set[str], broker: str | None) -> None:
    read = matrices.read_fitting(names, SOURCES, broker)
    assert fitting.fitting(read, names, broker) == fitting.fitting(MATRICES, names, broker)


def test_of_what_fits_an_environment_the_most_specific_alone_is_read() -> None:
    names = {"celery", "kombu", "redis", "amqp", "ffmpeg-python"}
    assert [each.name for each in matrices.read_fitting(names, SOURCES)] == ["celery-redis-ffmpeg"]


def test_no_shipped_matrix_is_parsed_for_packages_of_another_world() -> None:
    assert matrices.read_fitting({"flask", "gunicorn"}, SOURCES) == ()
    assert not any(can_fit(text_of(each), {"redis", "flask[async]"}) for each in SOURCES)
