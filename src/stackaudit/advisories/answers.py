"""What a source of advisories said of each package that it was asked about, whole or not at all."""

from collections.abc import Mapping
from dataclasses import field

from stackaudit.advisories.records import Pin, Record
from stackaudit.model.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """`records` holds the complete answer for each pin that got one; `failed` says for each other pin why not, in our words.

    `sha256` is the digest of a local copy, `as_of` the day of the newest change in it (ISO; empty where no record says).
    """

    records: Mapping[Pin, tuple[Record, ...]]
    failed: Mapping[Pin, str] = field(default_factory=dict)
    sha256: str | None = None
    as_of: str = ""

    def held_to(self, sha256: str | None) -> "Answers":
        """Itself; or no answer at all where `sha256` is the digest that the copy must have, and it has another."""
        if sha256 in {None, self.sha256}:
            return self
        return Answers(records={}, failed=dict.fromkeys(self.records, "it is damaged: it is not what was synced"))
