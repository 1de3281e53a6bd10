"""The audited packages and their known vulnerabilities as a CycloneDX 1.6 bill of materials, with what was accepted as VEX."""

import hashlib
import json
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from urllib.parse import quote

from stackaudit.model.audit import Audit, Package
from stackaudit.model.facts.advised import Advisory
from stackaudit.model.findings import UNTIL_FIXED, Finding, Verdict, Waived
from stackaudit.model.parts import Renderer
from stackaudit.model.wire import Json
from stackaudit.reports._advisories import advisories, said_of
from stackaudit.reports._checked import CHECK, checked_packages
from stackaudit.reports._told import NOTHING, Told, file_of, line, told
from stackaudit.reports.record import record

IN_OSV = ("CVE", "GHSA", "OSV", "PYSEC")
METHODS = {"CVSS:3.0": "CVSSv3", "CVSS:3.1": "CVSSv31", "CVSS:4.0": "CVSSv4"}


def render(audit: Audit) -> str:
    """The document as indented JSON with a newline at its end. The same audit gives the same bytes."""
    return json.dumps(bill(audit), ensure_ascii=False, indent=1) + "\n"


def bill(audit: Audit) -> dict[str, Json]:
    """The bill of materials.

    It lists what was audited, whether or not anything is known of it; each component says in `stackaudit:vulnerabilities` whether it was
    checked, since a component without a vulnerability is no proof. What each package requires is left out: an empty list of that would say
    that it requires nothing.
    """
    digest = str(record(audit)["digest"])
    finished = audit.finished_at.isoformat(timespec="seconds")
    # A server and ffmpeg have advisories too, told by their own checks.
    about = [each for each in told(audit) if each.finding.aliases]
    packages = {each.subject: each for each in audit.case.packages()}
    others = {_reference(each.finding.subject): line(each.finding.subject) for each in about}
    checked = checked_packages(audit)
    components: list[Json] = [_component(audit, packages[each], checked[each]) for each in sorted(packages)]
    known = {_reference(each) for each in packages}
    components += [
        {"type": "application", "bom-ref": reference, "name": name}
        for reference, name in sorted(others.items())
        if reference not in known
    ]
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        # Of one record always the same, of two audits never.
        "serialNumber": f"urn:uuid:{uuid.UUID(bytes=hashlib.sha256(f'{digest} {finished}'.encode()).digest()[:16], version=5)}",
        "version": 1,
        "metadata": {
            "timestamp": finished,
            "tools": {"components": [{"type": "application", "name": "stackaudit", "version": audit.tool_version}]},
            "properties": [*_verdicts(audit, digest)],
        },
        "components": components,
        "vulnerabilities": [*_vulnerabilities(audit, about)],
    }


def _verdicts(audit: Audit, digest: str) -> Iterator[Json]:
    yield _property("verdict", audit.verdict.value)
    yield _property("digest", digest)
    yield _property("stack", "sandbox" if audit.case.manifest.sandbox else "real")
    for judgment in audit.judgments:
        yield _property(f"check:{judgment.check}", f"{judgment.verdict}: {judgment.summary}")
    if all(each.verdict is Verdict.SKIPPED for each in audit.judgments):
        yield _property(f"check:{NOTHING}", "unknown: nothing was checked")


def _property(name: str, value: str) -> Json:
    return {"name": f"stackaudit:{name}", "value": line(value)}


def _component(audit: Audit, package: Package, checked: str) -> dict[str, Json]:
    component: dict[str, Json] = {
        "type": "library",
        "bom-ref": _reference(package.subject),
        "name": package.name,
        "version": line(package.version),
        "purl": _reference(package.subject),
        "properties": [_property(CHECK, checked)],
    }
    file = file_of(audit, package.where)
    if file is not None and package.where is not None:
        occurrence: dict[str, Json] = {"location": file}
        occurrence |= {"line": package.where.line} if package.where.line is not None else {}
        component["evidence"] = {"occurrences": [occurrence]}
    return component


def _reference(subject: str) -> str:
    name, _, version = line(subject).partition("==")
    return f"pkg:pypi/{name}@{quote(version, safe='')}" if version else f"stackaudit:{quote(name)}"


def _order(each: Told) -> tuple[str, str, str]:
    return each.finding.aliases[0], each.finding.subject, each.finding.rule


def _vulnerabilities(audit: Audit, about: Sequence[Told]) -> Iterator[Json]:
    """One for each finding: what was accepted of one package is not accepted of another."""
    met: Counter[str] = Counter()
    known = advisories(audit)
    for each in sorted(about, key=_order):
        finding = each.finding
        reference = f"{finding.rule}/{quote(line(finding.aliases[0]), safe='')}/{_reference(finding.subject)}"
        met[reference] += 1
        again = f"#{met[reference]}" if met[reference] > 1 else ""
        yield {"bom-ref": reference + again, **_vulnerability(each, said_of(known, finding))}


def _vulnerability(each: Told, advisory: Advisory | None) -> dict[str, Json]:
    finding = each.finding
    own, *aliases = map(line, finding.aliases)
    found: dict[str, Json] = {
        "id": own,
        "source": _source(own) if each.check == CHECK else {"url": line(finding.source or "")},
        "references": [{"id": alias, "source": _source(alias)} for alias in sorted({*aliases})],
        "ratings": [_rating(advisory, finding)],
        "description": line(advisory.summary if advisory and advisory.summary else finding.message),
        "recommendation": line(finding.fix or ""),
        "affects": [{"ref": _reference(finding.subject)}],
        "properties": [
            _property("rule", finding.rule),
            _property("severity", finding.severity),
            _property("scope", finding.scope),
            *([_property("via", " -> ".join(finding.via))] if finding.via else []),
            *([_property("lane", finding.lane)] if finding.lane is not None else []),
        ],
    }
    return found | ({"analysis": _analysis(each.accepted)} if each.accepted is not None else {})


def _source(identifier: str) -> dict[str, Json]:
    """OSV's page of what it holds; of another's id, whose it is."""
    owner = identifier.partition("-")[0]
    if owner not in IN_OSV:
        return {"name": owner}
    return {"name": "OSV", "url": f"https://osv.dev/vulnerability/{quote(identifier, safe='')}"}


def _rating(advisory: Advisory | None, finding: Finding) -> dict[str, Json]:
    """How bad it is; where no record says so that is `unknown`, though the gate counts it as high."""
    if advisory is None:
        return {"severity": finding.severity.value}
    if advisory.severity is None:
        return {"severity": "unknown"}
    rating: dict[str, Json] = {"severity": advisory.severity.value}
    rating |= {"score": advisory.score} if advisory.score is not None else {}
    if advisory.vector is None:
        return rating
    method = METHODS.get(advisory.vector.partition("/")[0], "other")
    return {**rating, "method": method, "vector": line(advisory.vector)}


def _analysis(waiver: Waived) -> dict[str, Json]:
    """What was accepted stays what may be exploited: a waiver says who lives with it and why, not that it can't happen."""
    return {
        "state": "exploitable",
        # There is no release to change to yet; else it is a choice.
        "response": ["can_not_fix" if waiver.until == UNTIL_FIXED else "will_not_fix"],
        "detail": line(f"accepted: {waiver.told}"),
    }


RENDERER = Renderer(name="cyclonedx", suffixes=(".cdx.json",), render=render)
