"""Says where the workers of a broker listen, by what the manifest says of their names."""

from stackaudit.model.manifest import Manifest
from stackaudit.probes._pidbox import Mailbox
from stackaudit.probes._pidbox_words import Naming
from stackaudit.probes._redis_session import Session


def mailbox_of(manifest: Manifest, entered: Session) -> Mailbox:
    """The mailbox of all workers in the database that was `entered`."""
    naming = Naming(
        exchange=manifest.text("control_exchange") or "celery",
        prefix=manifest.text("global_keyprefix") or "",
        fanout=manifest.setting("fanout_prefix") is not False,
    )
    database = entered.address.database
    return Mailbox(
        database=database,
        topics=naming.topics(database, sentinel=entered.sentinel),
        expected=tuple(manifest.texts("expect")),
        at_least=int(manifest.number("expect_count", 0)),
        naming=naming,
    )
