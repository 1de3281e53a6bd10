"""Looks at the account that this audit runs under."""

import os
import pwd
from collections.abc import Sequence

from stackaudit.model.facts.deployment import Account
from stackaudit.model.parts import Probe, Visit
from stackaudit.model.snapshot import Evidence, Look


def collect(_visit: Visit) -> Sequence[Look]:
    """The effective user of this process; its number stands in where the user database has no entry for it."""
    uid = os.geteuid()
    try:
        name = pwd.getpwuid(uid).pw_name
    except KeyError:
        name = str(uid)
    return [
        Look(
            probe="account",
            asked="who runs this",
            evidence=Evidence(tool="geteuid"),
            facts=(Account(uid=uid, name=name),),
        )
    ]


PROBE = Probe(name="account", title="account", reads=(), yields=(Account,), collect=collect)
