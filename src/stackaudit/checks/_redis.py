"""What the rules about Redis share: which servers serve, where their URLs are said, and what a user needs to see them."""

from collections.abc import Iterator

from stackaudit.model.audit import Case
from stackaudit.model.facts.services import Pulse, ServiceState
from stackaudit.model.manifest import Manifest
from stackaudit.model.places import Place

BROKER = "broker"

_USER = "ACL SETUSER NAME on >PASSWORD -@all"
_DATABASE = "(and +select, where the URL names a database but 0)"
BY_INFO = f"{_USER} +info {_DATABASE}"
BY_CONFIG = f"{_USER} +config|get {_DATABASE}"
BY_LOGIN = f"{_USER} {_DATABASE}"


def up(case: Case) -> Iterator[Pulse]:
    """The servers that serve; of the others nothing but their state is known, and no rule passes them."""
    return (pulse for pulse in case.facts(Pulse) if pulse.state is ServiceState.UP)


def place_of(case: Case, subject: str) -> Place | None:
    """Where the URL of `subject` is said."""
    return next((each.where for each in case.manifest.endpoints if each.subject == subject), None)


def is_broker(case: Case, subject: str) -> bool:
    """Whether `subject` is declared as the broker."""
    return any(each.subject == subject and each.role == BROKER for each in case.manifest.endpoints)


def on_live(manifest: Manifest) -> str | None:
    """Not asked of a sandbox: how its server is set up is this tool's doing."""
    return "the server is the sandbox's own" if manifest.sandbox else None
