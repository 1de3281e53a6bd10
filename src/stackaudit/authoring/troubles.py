"""Why nothing was derived: what the index does not tell."""

from collections.abc import Mapping

_MOST_TOLD = 5


class DeriveError(Exception):
    """The index does not tell all that is needed, so nothing was derived; the message says why, in our words, and `hint` what to do."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def refuse(troubles: Mapping[str, str]) -> None:
    """Stop where there are any troubles: their sentences, each with what to do.

    Raises:
        DeriveError: there are.
    """
    if not troubles:
        return
    told = sorted(troubles)
    more = f"; and {len(told) - _MOST_TOLD} more" if len(told) > _MOST_TOLD else ""
    raise DeriveError("; ".join(told[:_MOST_TOLD]) + more, troubles[told[0]])
