"""The final answer to a question, past the interim ones that may come before it."""

from http.client import HTTPException, HTTPResponse

_FINAL = 200
_SWITCHING = 101
_MOST_INTERIM = 16
"""Of one answer: a server that has more of them does not come to the point."""


class FinalResponse(HTTPResponse):
    """An answer for the standard library's connections, which take each interim one but 100 (103 Early Hints) for the final."""

    def begin(self) -> None:
        """Read status and headers of the final answer; that of a switch to another protocol, which nobody asked for, is one too.

        Raises:
            HTTPException: it does not come.
        """
        for _ in range(_MOST_INTERIM):
            super().begin()
            if self.status >= _FINAL or self.status == _SWITCHING:
                return
            # What is not None has been read, for the standard library.
            self.headers = self.msg = None  # type: ignore[assignment]
        raise HTTPException("interim answers without end")
