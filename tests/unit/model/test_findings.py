"""What a message names, so that nothing is said twice."""

import re

from hypothesis import given
from hypothesis import strategies as st

from stackaudit.model.findings import is_named


def test_a_subject_is_named_as_a_word_of_its_own() -> None:
    assert is_named("celery==5.4.0", "celery==5.4.0 wants kombu<6")
    assert is_named("kombu", "celery wants kombu<6")
    assert is_named("own", "what is known of own")
    assert not is_named("own", "what is known, owned, own-made or _own")


@given(st.text("ab-_ .", min_size=1, max_size=3), st.text("ab-_ .=é", max_size=12))
def test_a_word_ends_where_a_pattern_says_that_it_does(subject: str, message: str) -> None:
    pattern = rf"(?<![\w-]){re.escape(subject)}(?![\w-])"
    assert is_named(subject, message) is (re.search(pattern, message) is not None)
