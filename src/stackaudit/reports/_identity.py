"""Names a finding so that it is the same finding in the next run, though lines moved and versions changed."""

import hashlib
import json
from collections import Counter
from collections.abc import Sequence

from stackaudit.model.audit import Audit
from stackaudit.model.findings import Finding
from stackaudit.reports._told import Told, file_of

WORKERS = "workers"
"""What stands for the names of workers."""


def fingerprints(audit: Audit, found: Sequence[Told]) -> tuple[str, ...]:
    """A SHA-256 in hexadecimal for each of `found`, no two alike.

    It is made of the rule, the package without its version (or what else the finding is about), the advisory and the file; never of a line
    or a message. For what is told of workers their outcome and severity stand instead of their names: these, and how many there are, are
    others with each deployment. Findings that are alike in all of these are told apart by their order.
    """
    met: Counter[str] = Counter()
    prints = []
    for each in found:
        finding = each.finding
        name = name_of(each).partition("==")[0]
        kind = [finding.outcome, finding.severity] if each.of_workers else []
        key = json.dumps([finding.rule, name, *kind, advisory_of(finding), file_of(audit, finding.where)])
        met[key] += 1
        prints.append(hashlib.sha256(f"{key}#{met[key]}".encode()).hexdigest())
    return tuple(prints)


def name_of(told: Told) -> str:
    """What `told` is about, by a name that it has in the next run too."""
    return WORKERS if told.of_workers else told.finding.subject


def advisory_of(finding: Finding) -> str | None:
    """The id of the finding's advisory that most sources know: its CVE where it has one; None where there is no advisory."""
    return min(finding.aliases, key=lambda each: (not each.startswith("CVE-"), each), default=None)
