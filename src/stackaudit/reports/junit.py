"""The findings as JUnit XML, for the test tabs of CI: a suite a check, a case a rule and subject, all workers as one."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from xml.etree import ElementTree as ET

from stackaudit.model.audit import Audit, Judgment
from stackaudit.model.findings import Finding, Outcome, Verdict
from stackaudit.model.matrix import Rung
from stackaudit.model.parts import Renderer
from stackaudit.model.values import dataclass
from stackaudit.reports._identity import WORKERS, advisory_of, name_of
from stackaudit.reports._nodes import nodes_of
from stackaudit.reports._told import NOTHING, Told, file_of, line, of_check, told


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One test case: `told` is None for a pass and for a check that was skipped.

    `skipped` says why it is shown as skipped: the check's reason, or how weak a pass is, since a reader gives every other pass a tick.
    """

    name: str
    file: str | None = None
    line: int | None = None
    told: Told | None = None
    skipped: str | None = None

    @property
    def ending(self) -> str | None:
        """The element that says how it ended, None for a pass.

        What the gate let pass is `skipped`, so that a suite is red exactly where its check is: a low finding under the threshold would
        otherwise turn red a build whose exit status is 0.
        """
        if self.told is None:
            return None if self.skipped is None else "skipped"
        if self.told.passes:
            return "skipped"
        return "error" if self.told.finding.outcome is Outcome.UNKNOWN else "failure"


def render(audit: Audit) -> str:
    """The document, as text with a newline at its end. The same audit gives the same bytes."""
    suites = [(each.check, [*_cases(audit, each)]) for each in audit.judgments]
    suites += [(each.check, [Case(name=each.check, told=each)]) for each in told(audit) if each.check == NOTHING]
    cases = [case for _, found in suites for case in found]
    seconds = (audit.finished_at - audit.started_at).total_seconds()
    root = ET.Element("testsuites", {"name": "stackaudit", **_counts(cases), "time": f"{seconds:.3f}"})
    for check, found in suites:
        skipped = str(sum(1 for each in found if each.ending == "skipped"))
        stamp = f"{audit.started_at:%Y-%m-%dT%H:%M:%S}"
        suite = ET.SubElement(
            root, "testsuite", {"name": check, **_counts(found), "skipped": skipped, "timestamp": stamp}
        )
        _describe(audit, suite)
        for each in found:
            _write(suite, check, each)
    ET.indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _describe(audit: Audit, suite: ET.Element) -> None:
    """The check's verdict and summary, and whether it was a sandbox that was checked."""
    judgment = next((each for each in audit.judgments if each.check == suite.get("name")), None)
    if judgment is None:
        return
    properties = ET.SubElement(suite, "properties")
    stack = {"stack": "sandbox"} if audit.case.manifest.sandbox else {}
    for name, value in {"verdict": judgment.verdict.value, "summary": line(judgment.summary), **stack}.items():
        ET.SubElement(properties, "property", {"name": name, "value": value})


def _counts(cases: list[Case]) -> dict[str, str]:
    endings = Counter(each.ending for each in cases)
    return {"tests": str(len(cases)), "failures": str(endings["failure"]), "errors": str(endings["error"])}


def _cases(audit: Audit, judgment: Judgment) -> Iterator[Case]:
    if judgment.verdict is Verdict.SKIPPED:
        yield Case(name=judgment.check, skipped=judgment.summary)
        return
    met: Counter[str] = Counter()
    for finding, said in sorted(_endings(audit, judgment), key=lambda each: (each[0].rule, each[0].subject)):
        name = _name(finding)
        met[name] += 1
        place = finding.where
        yield Case(
            # Readers take two cases of one name for one case that was tried twice.
            name=name if met[name] == 1 else f"{name} #{met[name]}",
            file=file_of(audit, place),
            line=place.line if place is not None else None,
            told=said,
            skipped=_weakness(finding),
        )


def _endings(audit: Audit, judgment: Judgment) -> Iterator[tuple[Finding, Told | None]]:
    """What is told of the check, and what passed: of workers one pass a rule, and none where something else is told of some of them."""
    found = [*of_check(audit, judgment)]
    yield from ((replace(each.finding, subject=name_of(each)), each) for each in found)
    nodes, told_of = nodes_of(audit.case), {each.finding.rule for each in found if each.of_workers}
    passed = [each for each in judgment.findings if each.outcome is Outcome.PASS]
    alike = {each.rule: each for each in reversed(passed) if each.subject in nodes and each.rule not in told_of}
    yield from ((replace(each, subject=WORKERS), None) for each in alike.values())
    yield from ((each, None) for each in passed if each.subject not in nodes)


def _weakness(finding: Finding) -> str | None:
    """What stands beside a pass that earns no tick."""
    if finding.outcome is not Outcome.PASS or finding.rung is None or Rung(finding.rung).earns_tick:
        return None
    return f"pass ({finding.rung}, not proved)"


def _name(finding: Finding) -> str:
    return line(" ".join(part for part in (finding.rule, finding.subject, advisory_of(finding)) if part))


def _write(suite: ET.Element, check: str, case: Case) -> None:
    place = {"file": case.file, "line": str(case.line) if case.file is not None and case.line is not None else None}
    named = {name: value for name, value in place.items() if value is not None}
    element = ET.SubElement(suite, "testcase", {"classname": f"stackaudit.{check}", "name": line(case.name), **named})
    if case.ending is None:
        return
    if case.told is None:
        ET.SubElement(element, case.ending, {"message": line(case.skipped or "")})
        return
    kind = {} if case.ending == "skipped" else {"type": case.told.finding.severity.value}
    ending = ET.SubElement(element, case.ending, {"message": case.told.sentence, **kind})
    ending.text = "\n".join((case.told.sentence, *case.told.details))


RENDERER = Renderer(name="junit", suffixes=(".xml",), render=render)
