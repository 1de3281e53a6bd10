"""What the real pip-audit makes of the answers of the naive service: the oracle that the native engine is held equal to.

pip-audit's own classes run here without its command line: a process for each question would take hours. Theirs are the questions, the
withdrawn ones left out, the ids and the merging; matching is the service's. Only the wording of what they found is ours.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from packaging.version import Version
from pip_audit._audit import Auditor
from pip_audit._dependency_source import DependencySource
from pip_audit._service import Dependency, OsvService, ResolvedDependency, VulnerabilityResult, VulnerabilityService

from osv_service import OsvService as NaiveService
from stackaudit.advisories.consultation import Vulnerability, advisory
from stackaudit.advisories.records import Pin, Record, parse_record
from stackaudit.model.facts.advised import Advisory


class Pins(DependencySource):  # type: ignore[misc]  # pip-audit has no types
    """Packages at versions, the same package as often as one likes."""

    def __init__(self, pins: Iterable[Pin]) -> None:
        self._pins = pins

    def collect(self) -> Iterator[Dependency]:
        return (ResolvedDependency(pin.name, Version(pin.version)) for pin in self._pins)

    def fix(self, fix_version: Any) -> None:
        raise NotImplementedError


def asked(service: NaiveService, pins: Sequence[Pin], folder: Path) -> dict[Pin, tuple[Advisory, ...]]:
    """What pip-audit says of `pins` when it asks `service`; what its session caches lies in `folder`."""

    @cache
    def parsed(identifier: str) -> Record:
        return parse_record(json.dumps(service.by_id[identifier]).encode())

    told = vulnerabilities(OsvService(folder, 60, f"{service.url}/v1/query"), pins)
    answers = {}
    for pin, found in zip(pins, told, strict=True):
        affecting = service.answer(pin.name, pin.version, None)[0] if found else []
        records = [parsed(each["id"]) for each in affecting if "withdrawn" not in each]
        answers[pin] = tuple(advisory(pin, each, records) for each in found)
    return answers


def vulnerabilities(service: VulnerabilityService, pins: Sequence[Pin]) -> Iterator[list[Vulnerability]]:
    """What pip-audit says of each of `pins`, by id."""
    for _, found in Auditor(service).audit(Pins(pins)):
        yield sorted((_plain(each) for each in found), key=lambda each: each.id)


def _plain(found: VulnerabilityResult) -> Vulnerability:
    return Vulnerability(
        id=found.id,
        aliases=tuple(sorted(found.aliases - {found.id})),
        fixed=tuple(str(each) for each in found.fix_versions),
        description=found.description,
    )
