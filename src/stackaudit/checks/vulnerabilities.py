"""Judges what the advisory services said of the audited packages."""

import contextlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import quote

from packaging.markers import UndefinedEnvironmentName
from packaging.utils import canonicalize_name

from stackaudit.advisories.sources import chosen
from stackaudit.checks.releases import NOT_ON_INDEX, SAY_PRIVATE
from stackaudit.model.audit import Case
from stackaudit.model.facts import Advisory, Audited, Distribution, Release
from stackaudit.model.findings import Finding, Outcome, Severity
from stackaudit.model.manifest import Manifest
from stackaudit.model.markers import environment_of
from stackaudit.model.parts import Check, Rule, rule
from stackaudit.model.versions import parse_requirement, parse_version


def asked_by(manifest: Manifest) -> str | None:
    """Not where there is nothing to audit, nor offline without advisories at hand."""
    if manifest.interpreter is None and not manifest.requirements:
        return "there is nothing to audit: no environment and no pins"
    if not chosen(manifest):
        return "offline, and no local advisories: give a folder or zip of them with --advisories PATH"
    return None


def summarize(case: Case, findings: Sequence[Finding]) -> str:
    """How many of how many were audited, always; what was found, and by whom."""
    blind = {each.subject: each.outcome for each in findings if each.outcome in {Outcome.UNKNOWN, Outcome.UNCHECKABLE}}
    audited = {fact.subject: fact for fact in case.facts(Audited) if fact.advisories or fact.subject not in blind}
    unseen = [outcome for subject, outcome in blind.items() if subject and subject not in audited]
    total = max(len(audited) + len(unseen), len(case.packages()) if "" in blind else 0)
    found = [advisory for fact in audited.values() for advisory in fact.advisories]
    words = [f"{len(audited)} of {_count(total, 'package')} audited"]
    if unknown := unseen.count(Outcome.UNKNOWN):
        words.append(f"{unknown} could not be")
    if uncheckable := unseen.count(Outcome.UNCHECKABLE):
        words.append(f"{uncheckable} uncheckable")
    if audited:
        unscored = sum(1 for each in found if each.severity is None)
        more = f" ({unscored} without score)" if unscored else ""
        known = {1: "1 known vulnerability"}.get(len(found), f"{len(found) or 'no'} known vulnerabilities")
        words.append(f"{known}{more}")
        words.append("by " + " and ".join(sorted({fact.service for fact in audited.values()})))
    return ", ".join(words)


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


CHECK = Check(
    id="vulnerabilities",
    code="VU",
    title="Known vulnerabilities",
    order=30,
    asked_by=asked_by,
    summarize=summarize,
)


@rule(
    "VU101",
    "No audited package has a known vulnerability",
    severity="high",
    reads=[Audited],
    why="whoever reads the advisory knows how to use it against this stack",
    fix="upgrade to a version that the advisory calls fixed",
    source="https://osv.dev",
)
def not_vulnerable(rule: Rule, case: Case) -> Iterator[Finding]:
    """One finding for each advisory of each package; without a score it counts as high.

    A source that knows nothing of a package calls it clean. Where the package index was asked and does not know it either, that is no
    pass; where the index was not asked, or can't be, the source's word stands, and the releases say what is unseen.
    """
    pulled = _Pullers(case)
    foreign = {each.subject for each in case.facts(Release) if not each.known}
    for fact in case.facts(Audited):
        if not fact.advisories and fact.subject in foreign:
            where = case.place_of(fact.name)
            yield rule.uncheckable(fact.subject, NOT_ON_INDEX, where=where, fix=SAY_PRIVATE, cause=NOT_ON_INDEX)
        via = pulled.path_to(fact.name)
        for advisory in fact.advisories:
            yield rule.fails(
                fact.subject,
                _message(fact, advisory),
                severity=advisory.severity or Severity.HIGH,
                where=case.place_of(fact.name) or next((case.place_of(each) for each in via[:1]), None),
                fix=_fix(fact, advisory),
                source=f"https://osv.dev/vulnerability/{quote(advisory.id, safe='')}",
                aliases=(advisory.id, *advisory.aliases),
                via=via,
            )


def _message(fact: Audited, advisory: Advisory) -> str:
    named = f"{advisory.id} ({', '.join(advisory.aliases)})" if advisory.aliases else advisory.id
    fixed = f"fixed in {', '.join(advisory.fixed_in)}" if advisory.fixed_in else "no fixed version is known"
    score = "" if advisory.severity is not None else "; no score: counted as high"
    summary = f": {advisory.summary}" if advisory.summary else ""
    return f"{fact.name} {fact.version} has {named}{summary}; {fixed}{score}"


def _fix(fact: Audited, advisory: Advisory) -> str:
    """The smallest step to a fixed version; versions come in order."""
    current = parse_version(fact.version)
    for text in advisory.fixed_in:
        version = parse_version(text)
        if current is not None and version is not None and version > current:
            return f"{fact.name}>={text}"
    return f"no newer version of {fact.name} is known to be fixed: read the advisory, replace the package, or waive it"


class _Pullers:
    """Who requires whom in the audited environment, for naming the path that pulls a package in."""

    def __init__(self, case: Case) -> None:
        environment = environment_of(case.manifest, case.interpreter)
        installed = {each.name: each for each in case.facts(Distribution)}
        self._plain: dict[str, tuple[str, ...]] = {
            name: _required(each, environment, with_extras=False) for name, each in installed.items()
        }
        self._all: dict[str, tuple[str, ...]] = {
            name: _required(each, environment, with_extras=True) for name, each in installed.items()
        }
        required = {name for names in self._plain.values() for name in names}
        declared = {each.name for each in case.requirements if each.direct}
        self._roots = sorted(declared & installed.keys() or installed.keys() - required)

    def path_to(self, name: str) -> tuple[str, ...]:
        """The names from a direct requirement to the package that requires `name`; empty for a direct one, or where nobody does.

        Of all paths the shortest, and of these the first by name; one through an extra only where there is no other.
        """
        return _shortest(self._roots, name, self._plain) or _shortest(self._roots, name, self._all)


def _required(package: Distribution, environment: Mapping[str, str], *, with_extras: bool) -> tuple[str, ...]:
    extras = ("", *package.provides) if with_extras else ("",)
    names = set()
    for line in package.requires:
        requirement = parse_requirement(line)
        if requirement is None:
            continue
        marker = requirement.marker
        with contextlib.suppress(UndefinedEnvironmentName):
            if marker is None or any(marker.evaluate({**environment, "extra": extra}) for extra in extras):
                names.add(canonicalize_name(requirement.name))
    return tuple(sorted(names))


def _shortest(roots: Iterable[str], name: str, required: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    paths: list[tuple[str, ...]] = [(root,) for root in roots]
    if (name,) in paths:
        return ()
    seen = {path[-1] for path in paths}
    while paths:
        following = []
        for path in paths:
            for each in required.get(path[-1], ()):
                if each == name:
                    return path
                if each not in seen:
                    seen.add(each)
                    following.append((*path, each))
        paths = following
    return ()
