"""Tells what a change brought from what the world brought since an earlier record, and both from what was there before."""

import re
from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property

from stackaudit.model.audit import Case, Judgment, Recorded
from stackaudit.model.findings import Finding, Lane, Outcome
from stackaudit.model.manifest import Manifest, SettingValue
from stackaudit.model.values import dataclass
from stackaudit.model.wire import Json, encode

OF_THE_WORLD = ("VU", "RE")
"""The rules that say of a version what somebody else publishes about it: the version is ours, what is said of it is the world's."""

OF_A_FRESH_INSTALL = ("MX210", "MX211", "VU105")
"""The rules that say what the declared files give on the day: the files are ours, what the index offers them is the world's."""

OF_THE_WAIVERS = "AU"

_LINE = re.compile(r":\d+(?=[\s,;)]|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Before:
    """An earlier audit: what it said itself (`told`), its facts on today's matrix and day (`case`), what today's rules say of these."""

    told: tuple[Judgment, ...]
    case: Case
    again: tuple[Judgment, ...]


def case_before(baseline: Recorded, case: Case) -> Case:
    """The facts of `baseline`, to be judged by the matrix and on the day of `case`."""
    observed = baseline.observed
    return Case(manifest=observed.manifest, snapshot=observed.snapshot, matrix=case.matrix, today=case.today)


def label(judgments: Sequence[Judgment], case: Case, before: Before) -> tuple[Judgment, ...]:
    """`judgments` of `case`, each finding that fails or is uncheckable with its lane.

    `known`: the earlier record says the same of the same subject, at the same version.
    `world`: today's rules, matrix and day say it of the earlier facts too; or it is about what is published of a version, an advisory or a
    release, and that version was there before; or about what a fresh install gives, and all that is declared is as it was.
    `change`: anything else. In doubt it is the change: a gate that lets the world through must not let a change through with it.
    No lane: what was not seen now (`unknown`), and what the earlier audit did not ask or could not see.
    """
    known = {said_by(each) for judgment in before.told for each in judgment.findings}
    moved = {said_by(each) for judgment in before.again for each in judgment.findings}
    blind = _Blind(before.told)
    kept = Kept(case, before.case)

    def lane(finding: Finding) -> Lane | None:
        if finding.outcome not in {Outcome.FAIL, Outcome.UNCHECKABLE}:
            return None
        if said_by(finding) in known:
            return Lane.KNOWN
        if said_by(finding) in moved or finding.rule.startswith(OF_THE_WAIVERS):
            return Lane.WORLD
        if finding.rule.startswith(OF_THE_WORLD) and finding.rule not in OF_A_FRESH_INSTALL:
            return Lane.WORLD if kept.holds(finding.subject) else Lane.CHANGE
        if finding.rule in OF_A_FRESH_INSTALL and kept.declares_the_same:
            return Lane.WORLD
        return None if blind.to(finding) else Lane.CHANGE

    return tuple(
        replace(judgment, findings=tuple(replace(each, lane=lane(each)) for each in judgment.findings))
        for judgment in judgments
    )


def said_by(finding: Finding) -> tuple[str, str, str, str, str]:
    """What a finding says, without where: a line that moved is the same line."""
    return (finding.rule, finding.outcome, finding.severity, finding.subject, _LINE.sub("", finding.message))


class Kept:
    """What both audits have: versions of packages, the settings that say whom to ask about them, and what is declared."""

    def __init__(self, case: Case, before: Case) -> None:
        self._cases = (case, before)
        self._now = {each.subject for each in case.packages()}
        self._then = {each.subject for each in before.packages()}
        now, then = _settings(case.manifest), _settings(before.manifest)
        self._same_settings = all(now[name] == then[name] for name in now.keys() & then.keys())

    def holds(self, subject: str) -> bool:
        """Whether `subject` is a version that was there before; of what is no package of today, whether the settings are the same."""
        return subject in self._then if subject in self._now else self._same_settings

    @cached_property
    def declares_the_same(self) -> bool:
        """Whether all that is declared, and the Python, are the same in both, wherever it stands."""
        now, then = ((_declared(each.manifest), each.interpreter and each.interpreter.version) for each in self._cases)
        return self._same_settings and now == then


def _declared(manifest: Manifest) -> Json:
    return _without_places(encode(replace(manifest, settings=())))


def _without_places(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _without_places(each) for name, each in value.items() if name != "where"}
    return [_without_places(each) for each in value] if isinstance(value, list) else value


def _settings(manifest: Manifest) -> dict[str, SettingValue]:
    return {each.name: each.value for each in manifest.settings if each.name != "timeout"}


class _Blind:
    """What an audit did not ask, or could not see."""

    def __init__(self, judgments: Sequence[Judgment]) -> None:
        said = [each for judgment in judgments for each in judgment.findings]
        self._asked = {each.rule for each in said}
        self._dark = {(each.rule, each.subject) for each in said if each.outcome is Outcome.UNKNOWN}

    def to(self, finding: Finding) -> bool:
        """Whether it could not have told `finding`, had it been there."""
        if finding.rule not in self._asked:
            return True
        return bool({(finding.rule, ""), (finding.rule, finding.subject)} & self._dark)
