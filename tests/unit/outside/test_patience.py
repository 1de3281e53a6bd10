"""`Retry-After` is a number of seconds or a date; whatever else it is tells nothing."""

import pytest

from stackaudit.outside._patience import seconds_asked_for

NOW = 784_111_777.0  # Sun, 06 Nov 1994 08:49:37 GMT, the date of RFC 9110's examples


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        (" 120 ", 120.0),
        ("Sun, 06 Nov 1994 08:50:07 GMT", 30.0),
        ("Sunday, 06-Nov-94 08:50:07 GMT", 30.0),
        ("Sun Nov  6 08:50:07 1994", 30.0),
        ("Sun, 06 Nov 1994 08:49:07 GMT", 0.0),
        ("", None),
        ("-1", None),
        ("1.5", None),
        ("soon", None),
        ("\u0661", None),
    ],
)
def test_it_is_seconds_or_a_date(text: str, seconds: float | None) -> None:
    assert seconds_asked_for(text, NOW) == seconds
