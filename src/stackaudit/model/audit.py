"""A case, its judgments and the audit made of them."""

from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import date, datetime
from enum import StrEnum
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from packaging.utils import NormalizedName

from stackaudit.model.facts.environment import Distribution, InterpreterFact
from stackaudit.model.findings import Finding, Outcome, Severity, Verdict
from stackaudit.model.manifest import Manifest, Requirement
from stackaudit.model.markers import applying
from stackaudit.model.matrix import Matrix, Proof, Rung
from stackaudit.model.places import Place
from stackaudit.model.repository import Repository
from stackaudit.model.rule_text import RuleText
from stackaudit.model.snapshot import F, Snapshot
from stackaudit.model.values import dataclass
from stackaudit.model.versions import parse_version
from stackaudit.model.waivers import Waiver

if TYPE_CHECKING:
    from stackaudit.model.edition import Edition

RECORD_SCHEMA = "stackaudit/record/1"
"""What a record says of its own form: the one that is written, and the one that is read back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Observed:
    """What was declared and what was observed, from when to when (UTC): all that a judgment needs but the matrix and the policy."""

    manifest: Manifest
    snapshot: Snapshot
    started_at: datetime
    finished_at: datetime


class Package(NamedTuple):
    """One package of the audited closure at one version: what is installed, or where no environment is audited, what is pinned.

    A tuple, as all that is made for each pin of a lock and nothing else: it is made in a third of a dataclass's time.
    """

    name: NormalizedName
    version: str
    where: Place | None

    @property
    def subject(self) -> str:
        """`name==version`."""
        return f"{self.name}=={self.version}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """All that a rule may know: what is declared, what was observed, what is known to be good. Not the policy, not the waivers."""

    manifest: Manifest
    snapshot: Snapshot
    matrix: Matrix | None
    today: date
    # Found once: rules ask for them again and again, and a lock may have thousands of lines.
    _declared: Mapping[str, tuple[Requirement, ...]] = field(init=False, repr=False, compare=False)
    _packages: tuple[Package, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        declared: dict[str, list[Requirement]] = {}
        for each in applying(self.manifest, self.interpreter):
            declared.setdefault(each.name, []).append(each)
        object.__setattr__(self, "_declared", {name: tuple(found) for name, found in declared.items()})
        object.__setattr__(self, "_packages", tuple(self._closure()))

    def facts(self, kind: type[F]) -> tuple[F, ...]:
        """All observed facts of `kind`."""
        return self.snapshot.facts(kind)

    @property
    def interpreter(self) -> InterpreterFact | None:
        """The target's interpreter as it was seen, or None."""
        return next(iter(self.facts(InterpreterFact)), None)

    @property
    def requirements(self) -> tuple[Requirement, ...]:
        """The declared requirements that are for the target's Python, by package in the order in which each is first declared."""
        return tuple(chain.from_iterable(self._declared.values()))

    def requirements_of(self, name: str) -> tuple[Requirement, ...]:
        """The declared requirements on package `name` (normalized)."""
        return self._declared.get(name, ())

    def packages(self) -> tuple[Package, ...]:
        """The closure that is audited: the installed distributions, or with no environment the pins; by name, each with its place."""
        return self._packages

    def _closure(self) -> Iterable[Package]:
        if self.manifest.interpreter is not None:
            return [
                Package(name=each.name, version=each.version, where=self.place_of(each.name, each.version))
                for each in sorted(self.facts(Distribution), key=lambda each: (each.name, each.version))
            ]
        pins = {(each.name, str(each.pin)): each.where for each in reversed(self.requirements) if each.pin is not None}
        return [Package(*pin, pins[pin]) for pin in sorted(pins)]

    def stack_packages(self) -> tuple[Package, ...]:
        """Those of `packages()` that the matrix names."""
        return tuple(
            each for each in self.packages() if self.matrix is not None and self.matrix.package(each.name) is not None
        )

    def proofs_on(self, python: str) -> tuple[Proof, ...]:
        """The proofs of all the stack's packages at their versions on Python `python` (`3.11`), the strongest first.

        None where a version is none by PEP 440: no proof is of it.
        """
        versions = [(each.name, parse_version(each.version)) for each in self.stack_packages()]
        known = [(name, version) for name, version in versions if version is not None]
        return self.matrix.proofs_of(python, known) if self.matrix is not None and len(known) == len(versions) else ()

    def proof_on(self, python: str) -> Proof | None:
        """The strongest of `proofs_on`, or None."""
        return next(iter(self.proofs_on(python)), None)

    def place_of(self, name: str, version: str = "") -> Place | None:
        """Where package `name` is declared: a pin of `version` first, any pin before an open requirement, a direct one before a lock's."""

        def rank(each: Requirement) -> tuple[bool, bool, bool, str, int]:
            other = wanted is not None and each.pin != wanted
            return other, each.pin is None, not each.direct, each.where.path, each.where.line or 0

        declared = self.requirements_of(name)
        wanted = parse_version(version) if len(declared) > 1 else None
        return min(declared, key=rank).where if declared else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgment:
    """A check's findings, verdict and summary; of a check that was not asked the summary says why."""

    check: str
    title: str
    verdict: Verdict
    summary: str
    evidence: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    @property
    def rung(self) -> Rung | None:
        """How strong the evidence behind its passes is, where they stand on a matrix: that of the weakest."""
        rungs = [Rung(each.rung) for each in self.findings if each.outcome is Outcome.PASS and each.rung is not None]
        return min(rungs, key=lambda each: each.rank, default=None)


class Gate(StrEnum):
    """Which findings fail an audit: all, or those alone that the audited change brought since the baseline."""

    ALL = "all"
    CHANGE = "change"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """The gate's settings, and no facts: the threshold, what is let through, what must have run, what is accepted until when.

    `folder` is the absolute working directory that the places of findings count from.
    """

    fail_on: Severity = Severity.MEDIUM
    ignore: frozenset[str] = frozenset()
    allow_unknown: frozenset[str] = frozenset()
    require: frozenset[str] = frozenset()
    waivers: tuple[Waiver, ...] = ()
    folder: str = "/"
    gate: Gate = Gate.ALL


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """A record as it was saved: what it holds of the world, its own judgments, and its digest (`sha256:…`)."""

    observed: Observed
    judgments: tuple[Judgment, ...]
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """A case, its judgments and the verdict; its saved JSON form is the record. Times are UTC.

    `baseline` is the digest of the record that the findings' lanes were told by, None where there was none.
    `rules` are the words of the rules, `repository` is where the files lie, and `edition` what a document says besides: for those who tell
    it, and not in the record.
    """

    tool_version: str
    started_at: datetime
    finished_at: datetime
    case: Case
    judgments: tuple[Judgment, ...]
    verdict: Verdict
    baseline: str | None = None
    rules: tuple[RuleText, ...] = ()
    repository: Repository | None = None
    edition: "Edition | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """A record as it was saved: the audit with its own judgments, matrix and day, and its digest (`sha256:…`)."""

    audit: Audit
    digest: str

    @property
    def recorded(self) -> Recorded:
        """The part of it that another audit is held against."""
        audit = self.audit
        observed = Observed(
            manifest=audit.case.manifest,
            snapshot=audit.case.snapshot,
            started_at=audit.started_at,
            finished_at=audit.finished_at,
        )
        return Recorded(observed=observed, judgments=audit.judgments, digest=self.digest)
