"""How long a busy service asks to be left alone."""

from datetime import UTC
from email.utils import parsedate_to_datetime


def seconds_asked_for(retry_after: str, now: float) -> float | None:
    """Seconds until a service that answers with this `Retry-After` wants to be asked again; None where it does not tell.

    It is a number of seconds or an HTTP date (RFC 9110, 10.2.3); `now` is in seconds since 1970.
    """
    text = retry_after.strip()
    if text.isascii() and text.isdigit():
        return float(text)
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (at if at.tzinfo is not None else at.replace(tzinfo=UTC)).timestamp() - now)
