"""Says what a waiver covers, and until when."""

from collections.abc import Sequence
from fnmatch import fnmatchcase
from os.path import normpath

from packaging.utils import canonicalize_name
from packaging.version import Version

from stackaudit.model.audit import Case
from stackaudit.model.facts.advised import Answered
from stackaudit.model.findings import Finding, Outcome
from stackaudit.model.versions import parse_version
from stackaudit.model.waivers import Waiver

ADVISORIES, FRESH_ADVISORIES = "VU101", "VU105"
"""The rules that speak of packages' advisories, and know what is fixed: of what is audited, and of what a fresh install brings besides."""

NOT_NAMED = "VU104"
"""The rule that says of which files nobody looked at what they pull in."""


def covers(waiver: Waiver, finding: Finding, folder: str) -> bool:
    """Whether `finding`, whose place counts from `folder`, is one that `waiver` names, whatever the day is."""
    if finding.outcome is not Outcome.FAIL or not is_about(waiver, finding.subject):
        return False
    if waiver.until is None and finding.rule not in {ADVISORIES, FRESH_ADVISORIES}:
        # No other rule tells whether there is a fix: it would never end.
        return False
    if waiver.rule is not None and finding.rule != waiver.rule:
        return False
    if waiver.advisory is not None and waiver.advisory.casefold() not in {each.casefold() for each in finding.aliases}:
        return False
    return waiver.path is None or (finding.where is not None and _lies(finding.where.path, folder, waiver))


def is_about(waiver: Waiver, subject: str) -> bool:
    """Whether `subject` is the one that `waiver` names, if it names any."""
    if waiver.subject is not None:
        return subject == waiver.subject or (_pin(subject) or subject) == _pin(waiver.subject)
    return waiver.package is None or canonicalize_name(subject.partition("==")[0]) == waiver.package


def _pin(subject: str) -> tuple[str, Version] | None:
    """The package and the version that `subject` names, None where it names none: `Kombu==5.6.0` is `kombu==5.6`."""
    name, _, version = subject.partition("==")
    parsed = parse_version(version.strip())
    return None if parsed is None else (canonicalize_name(name.strip()), parsed)


def _lies(path: str, folder: str, waiver: Waiver) -> bool:
    """Whether the file `path`, seen from `folder`, is one that the waiver's glob matches; `*` stays in one folder, `**` does not."""
    root = waiver.root.rstrip("/") + "/"
    whole = normpath(path if path.startswith("/") else f"{folder}/{path}")
    glob = waiver.path or ""
    return whole.startswith(root) and _matches(whole.removeprefix(root).split("/"), normpath(glob).split("/"))


def _matches(parts: Sequence[str], globs: Sequence[str]) -> bool:
    if not globs:
        return not parts
    if globs[0] == "**":
        return any(_matches(parts[count:], globs[1:]) for count in range(len(parts) + 1))
    return bool(parts) and fnmatchcase(parts[0], globs[0]) and _matches(parts[1:], globs[1:])


def has_ended(waiver: Waiver, finding: Finding, case: Case) -> bool:
    """Whether it does not cover `finding` any more: its last day is over, or a newer version of the package is fixed."""
    if waiver.until is not None:
        return waiver.until < case.today
    ids = set(finding.aliases)
    return any(
        _is_newer(fixed, fact.version)
        for fact in case.facts(Answered)
        if fact.subject == finding.subject
        for advisory in fact.advisories
        if ids.intersection((advisory.id, *advisory.aliases))
        for fixed in advisory.fixed_in
    )


def _is_newer(fixed: str, version: str) -> bool:
    """Whether `fixed` is newer than `version`; where one of them is no version by PEP 440, it is taken to be."""
    first, second = parse_version(fixed), parse_version(version)
    return first is None or second is None or first > second
