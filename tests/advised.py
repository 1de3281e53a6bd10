"""Audits for vulnerabilities alone, from the pins to what is told, for the tests of pip-audit."""

import json
import time
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from stackaudit.audit import apply, gather
from stackaudit.checks._audited import summarize
from stackaudit.checks.vulnerabilities import not_vulnerable
from stackaudit.model.audit import Case
from stackaudit.model.deadline import Deadline
from stackaudit.model.facts.environment import Distribution, InterpreterFact
from stackaudit.model.findings import Finding, Outcome
from stackaudit.model.manifest import Manifest, Requirement, Setting
from stackaudit.model.parts import Probe, Visit
from stackaudit.model.places import Place
from stackaudit.model.snapshot import Evidence, Look
from stackaudit.model.wire import encode
from stackaudit.probes.pip_audit import PROBE

ADVISORIES = Path(__file__).parent / "advisories"
HERE = Place(path="requirements.txt", line=1)
CLEAN = ("oakpress==2.1.0", "elm==1.0", "tinfoil-hat==3.3")
VULNERABLE = ("oakpress==2.0.1", "elm==1.0", "tinfoil-hat==3.1", "old-lantern==1.0")


def requirement(pin: str, **fields: Any) -> Requirement:
    name, _, version = pin.partition("==")
    specifier = SpecifierSet(f"=={version}" if version else "")
    return Requirement(
        name=canonicalize_name(name),
        specifier=specifier,
        pin=Version(version) if version else None,
        **{"where": HERE, **fields},
    )


def manifest(advisories: str, requirements: Sequence[Requirement]) -> Manifest:
    settings = (Setting(name="advisories", value=advisories, where=HERE),)
    return Manifest(requirements=tuple(requirements), settings=settings)


class Told:
    """What an audit of nothing but vulnerabilities says."""

    def __init__(self, given: Manifest, timeout: float = 60, environment: Sequence[Distribution] = ()) -> None:
        started = time.monotonic()
        probes = [PROBE, environment_probe(environment)] if environment else [PROBE]
        self.snapshot = gather(given, probes, Deadline(timeout), datetime.now(UTC))
        self.seconds = time.monotonic() - started
        case = Case(manifest=given, snapshot=self.snapshot, matrix=None, today=date(2099, 1, 1))
        self.findings = apply(not_vulnerable, case)
        self.summary = summarize(case, self.findings)
        self.text = json.dumps([encode(self.snapshot), encode(self.findings), self.summary])

    def subjects(self, outcome: Outcome) -> set[str]:
        return {each.subject for each in self.findings if each.outcome is outcome}

    def finding(self, subject: str) -> Finding:
        return next(each for each in self.findings if each.subject == subject)


def environment_probe(distributions: Sequence[Distribution]) -> Probe:
    """Stands where the interpreter's own probe stands, for environments that need not be built."""
    python = InterpreterFact(
        path="python",
        version="3.12.1",
        implementation="cpython",
        platform="linux",
        prefix="",
        markers=(),
        site_packages=(),
        virtual=True,
        pip=None,
    )

    def collect(_visit: Visit) -> list[Look]:
        return [Look(probe="e", asked="e", evidence=Evidence(tool="t"), facts=(python, *distributions))]

    return Probe(name="e", title="e", reads=(), yields=(InterpreterFact, Distribution), collect=collect)


def audit(advisories: str, pins: Sequence[str], timeout: float = 60) -> Told:
    return Told(manifest(advisories, [requirement(pin) for pin in pins]), timeout)


def assert_blind(told: Told) -> None:
    assert [(each.outcome, each.subject) for each in told.findings] == [(Outcome.UNKNOWN, "")]
    assert told.findings[0].message.startswith("the advisory service audited none of the packages: ")
    assert told.summary == f"0 of {len(CLEAN)} packages audited"
