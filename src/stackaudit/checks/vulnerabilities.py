"""Judges what the advisory services said of the audited packages."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from stackaudit.advisories.sources import chosen
from stackaudit.checks._audited import days, summarize
from stackaudit.checks._off_index import FOLLOW, NOT_ON_INDEX, OTHER_INDEX, SAY_PRIVATE
from stackaudit.checks._resolved import first_place, resolved
from stackaudit.model.audit import Case
from stackaudit.model.facts.advised import AdvisoryCopy, Audited, FreshAudited
from stackaudit.model.facts.published import Release
from stackaudit.model.findings import Finding
from stackaudit.model.fresh_install import why_not_asked
from stackaudit.model.manifest import Manifest
from stackaudit.model.parts import Check, Rule, rule

MAX_AGE = 14
"""Days that the newest record of a local copy may be old, where nothing else is set."""


def asked_by(manifest: Manifest) -> str | None:
    """Not where there is nothing to audit, nor offline without advisories at hand."""
    if manifest.interpreter is None and not manifest.requirements:
        return "there is nothing to audit: no environment and no pins"
    if not chosen(manifest):
        return "offline, and no local advisories: make a mirror with `stackaudit advisories sync`, or give a copy with --advisories PATH"
    return None


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

    A source that knows nothing of a package calls it clean. Where the package index was asked and does not know it either, or a lock
    takes it from another index, that is no pass; where the index was not asked, or can't be, the source's word stands, and the releases
    say what is unseen.
    """
    facts = case.facts(Audited)
    foreign = {each.subject for each in case.facts(Release) if not each.known}
    private = {each.name for each in case.requirements if each.private}
    for fact in facts if foreign or private else ():
        said = NOT_ON_INDEX if fact.subject in foreign else OTHER_INDEX if fact.name in private else None
        if not fact.advisories and said is not None:
            where = case.place_of(fact.name, fact.version)
            fix = SAY_PRIVATE if fact.subject in foreign else FOLLOW
            yield rule.uncheckable(fact.subject, said, where=where, fix=fix, cause=said)
    vulnerable = [each for each in facts if each.advisories]
    if not vulnerable:
        return
    # Most audits find nothing, and need none of the matrix's own.
    from stackaudit.checks._advised import told
    from stackaudit.checks._pullers import Pullers
    from stackaudit.checks._stack import row

    pulled, here = Pullers(case), row(case)
    for fact in vulnerable:
        kind, via = pulled.kind_of(fact.name), pulled.path_to(fact.name)
        what = f"{fact.name} {fact.version}{f', a {kind} dependency,' if kind else ''} has"
        where = case.place_of(fact.name, fact.version) or next((case.place_of(each) for each in via[:1]), None)
        for advisory in fact.advisories:
            yield replace(told(rule, fact, advisory, what, here), where=where, via=via)


@rule(
    "VU105",
    "A fresh install brings no known vulnerability",
    severity="high",
    reads=[FreshAudited],
    why="an install brings along what the named packages require: the next build, or the next machine, gets the hole",
    fix="ask for a version that the advisory calls fixed, or use a lock file",
    source="https://pip.pypa.io/en/stable/topics/repeatable-installs/",
    asked_by=why_not_asked,
    follows=True,
)
def brings_none(rule: Rule, case: Case) -> Iterator[Finding]:
    """As VU101, of what would be installed and is not there, or in another version; where nobody asked for that, VU104 says so."""
    vulnerable = [each for each in case.facts(FreshAudited) if each.advisories]
    fresh = resolved(case)
    if not vulnerable or fresh is None:
        return
    from stackaudit.checks._advised import told
    from stackaudit.checks._pullers import paths_in
    from stackaudit.checks._stack import fresh_row

    paths, here = paths_in(case, fresh), fresh_row(case)
    verb = "brings" if fresh.until is None else f"brought on {fresh.until.date()}"
    for fact in vulnerable:
        via = paths.get(fact.name, ())
        places = (case.place_of(each) for each in (fact.name, *via[:1]))
        where = next((each for each in places if each is not None), None) or first_place(case, fresh.files[0])
        what = f"{fresh.subject} {verb} {fact.name} {fact.version}, which has"
        for advisory in fact.advisories:
            yield replace(told(rule, fact, advisory, what, here), where=where, via=via)


@rule(
    "VU102",
    "A local copy of advisories is fresh enough",
    severity="medium",
    reads=[AdvisoryCopy],
    why="it knows nothing of what was published since: a package that it calls clean may have been reported long ago",
    fix="fetch the copy anew, or allow more days with the setting `advisories-max-age`",
)
def fresh(rule: Rule, case: Case) -> Iterator[Finding]:
    """By the day of the newest record, not by the day of the download: a copy of an old copy is old."""
    most = case.manifest.number("advisories_max_age", MAX_AGE)
    # The same copy may have been asked about what is installed, and about what a fresh install brings.
    for copy in dict.fromkeys(case.facts(AdvisoryCopy)):
        if not copy.as_of:
            yield rule.uncheckable(
                copy.subject, "no record in it says when it was changed: nobody can tell how old it is"
            )
            continue
        age = (case.today - date.fromisoformat(copy.as_of)).days
        if age < 0:
            yield rule.uncheckable(
                copy.subject,
                f"its newest record is of {copy.as_of}, a day that is still to come: nobody can tell how old it is",
            )
        elif age > most:
            message = f"the newest record of the {copy.name} is of {copy.as_of}, {days(age)} ago: {most:g} are allowed"
            again = "`stackaudit advisories sync`" if copy.name == "local mirror" else None
            yield rule.fails(copy.subject, message, fix=again)
