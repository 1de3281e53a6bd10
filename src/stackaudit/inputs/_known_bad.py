"""Reads the known-bad rules of a matrix."""

import re

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from stackaudit.inputs._toml_tables import Table
from stackaudit.model.findings import Severity
from stackaudit.model.known_bad import Bound, Condition, Exposure, KnownBad
from stackaudit.model.versions import parse_requirement

_ID = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def known_bad(root: Table) -> tuple[KnownBad, ...]:
    """The array of tables `known_bad`."""
    found: dict[str, KnownBad] = {}
    for table in root.tables("known_bad"):
        rule = _rule(table)
        if rule.id in found:
            table.fault("id", f"there is another rule `{rule.id}`")
        found.setdefault(rule.id, rule)
        table.close()
    return tuple(found.values())


def _rule(table: Table) -> KnownBad:
    name = table.text("id")
    if name and not _ID.fullmatch(name):
        table.fault("id", f"an id is words of small letters and digits with hyphens, not `{name}`")
    severity = table.choice("severity", list(Severity))
    reported = table.flag("reported", default=False)
    if reported and severity not in {"", Severity.LOW}:
        table.fault("severity", "what is known from reports alone is low: nobody saw it happen")
    when = _condition(table.table("when", required=True))
    if when == Condition():
        table.fault("when", "it would fire on everything", hint="say `packages`, `python`, `services`, ...")
    exposed_by = table.choice("exposed_by", list(Exposure))
    return KnownBad(
        id=name,
        when=when,
        unless=_condition(table.table("unless")) if table.has("unless") else None,
        severity=Severity(severity) if severity else Severity.LOW,
        symptom=table.text("symptom"),
        exposed_by=Exposure(exposed_by) if exposed_by else Exposure.STATIC,
        source=table.text("source"),
        first_seen=table.day("first_seen"),
        where=table.where(),
        fixed_in=_bounds(table, "fixed_in"),
        reported=reported,
        aliases=table.texts("aliases"),
    )


def _condition(table: Table) -> Condition:
    settings = table.table("settings")
    condition = Condition(
        packages=_bounds(table, "packages"),
        python=str(table.specifier("python")) if table.has("python") else None,
        extras=_extras(table),
        services=_bounds(table, "services"),
        programs=_bounds(table, "programs"),
        settings=tuple((name, settings.texts(name)) for name in settings.names()),
    )
    table.close()
    return condition


def _bounds(table: Table, key: str) -> tuple[Bound, ...]:
    found = []
    for requirement in _lines(table, key):
        if requirement.marker is not None or requirement.extras:
            table.fault(
                key, f"`{requirement}` names more than versions", hint="`python` and `extras` have their own keys"
            )
        found.append((canonicalize_name(requirement.name), str(requirement.specifier)))
    return tuple(found)


def _extras(table: Table) -> tuple[tuple[str, str], ...]:
    found = []
    for requirement in _lines(table, "extras"):
        if not requirement.extras or len(requirement.specifier):
            table.fault("extras", f"an extra is written `kombu[redis]`, not `{requirement}`")
        found += [(canonicalize_name(requirement.name), extra) for extra in sorted(requirement.extras)]
    return tuple(found)


def _lines(table: Table, key: str) -> list[Requirement]:
    return [each for each in map(parse_requirement, table.requirements(key)) if each is not None]
