"""The digest by which a proof tells whether what stands in its row is what was written."""

from datetime import UTC

from stackaudit.model.matrix import Proof
from stackaudit.model.wire import digest


def seal_of(proof: Proof) -> str:
    """`sha256:…` over all that `proof` says. It shows an edit or a bad merge; whoever means to forge a row can reckon it anew."""
    return digest(
        {
            "python": proof.python,
            "rung": proof.rung.value,
            "at": proof.at.astimezone(UTC).isoformat(),
            "by": proof.by,
            "platform": proof.platform,
            "record": proof.record,
            "packages": [f"{name}=={version}" for name, version in proof.packages],
        }
    )
