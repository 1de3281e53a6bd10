"""Facts: what `pip check` said."""

from packaging.utils import NormalizedName

from stackaudit.model.facts.fact import Fact
from stackaudit.model.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """One line of `pip check`. `needs` is the requirement as pip printed it; `found` the installed version, None where absent."""

    name: NormalizedName
    version: str
    kind: str
    needs: str
    found: str | None
    line: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PipCheck(Fact):
    """One run of `pip check` that gave an answer.

    `whose` pip it was is `target`, `ours` or `bundled`; `blind` names the packages that pip said it passed over.
    """

    pip_version: str
    whose: str
    conflicts: tuple[Conflict, ...]
    blind: tuple[str, ...] = ()

    @property
    def subject(self) -> str:
        """`pip check`."""
        return "pip check"
