"""What comes next: supports that end, waivers that end, the next audit, and what to do about what fired."""

from collections.abc import Iterable, Iterator
from datetime import date

from stackaudit.model.audit import Audit, Case
from stackaudit.model.facts.programs import Program
from stackaudit.model.facts.services import Pulse
from stackaudit.model.findings import Finding, Outcome
from stackaudit.model.markers import environment_of
from stackaudit.model.matrix import Branch
from stackaudit.model.services import scheme_of
from stackaudit.model.versions import parse_version, series
from stackaudit.reports._raw import Raw, commands

_REDIS_CLI = frozenset({"redis", "rediss"})
"""The schemes that redis-cli takes in `-u`."""


def quarter_of(day: date) -> str:
    """`2026-Q4`."""
    return f"{day.year}-Q{(day.month + 2) // 3}"


def next_quarter(day: date) -> date:
    """The first day of the quarter after that of `day`."""
    month = (day.month + 2) // 3 * 3 + 1
    return date(day.year + month // 12, month % 12 or 12, 1) if month > 12 else date(day.year, month, 1)  # noqa: PLR2004


def endings(audit: Audit) -> Iterator[tuple[str, str, str]]:
    """Until when the Python, servers and programs that were seen are supported, the next to end first: what, until, source."""
    found = sorted(set(_branches(audit.case)), key=lambda each: (each[1].end_of_life or date.max, each[0]))
    for label, branch in found:
        yield label, _until(branch, audit.case.today), branch.source


def _until(branch: Branch, today: date) -> str:
    if branch.end_of_life is not None:
        days = (branch.end_of_life - today).days
        return f"{branch.end_of_life} ({f'in {days} days' if days >= 0 else f'{-days} days ago'})"
    return "ended, at no known date" if branch.ended(today) else "no date is set"


def _branches(case: Case) -> Iterator[tuple[str, Branch]]:
    matrix = case.matrix
    if matrix is None:
        return
    if case.interpreter is not None or case.manifest.interpreter is None:
        minor = environment_of(case.manifest, case.interpreter)["python_version"]
        python = matrix.python(minor)
        if python is not None:
            yield f"Python {minor}", python
    seen = [
        (each.product, series(version)) for each in case.facts(Pulse) if (version := parse_version(each.version or ""))
    ]
    seen += [(each.name, each.branch) for each in case.facts(Program) if each.branch is not None]
    for name, wanted in seen:
        product = matrix.product(name) if name is not None else None
        branch = product.branch(wanted) if product is not None else None
        if branch is not None:
            yield f"{name} {wanted}", branch


def waivers(audit: Audit) -> Iterator[tuple[str, str, str, str, str]]:
    """What is accepted: rule, subject, reason, owner, until."""
    for judgment in audit.judgments:
        for each in judgment.findings:
            if each.waiver is not None:
                yield each.rule, each.subject, each.waiver.reason, each.waiver.owner or "-", each.waiver.until or "-"


def troubles(audit: Audit) -> Iterator[tuple[str, str, str, str]]:
    """What fired, a rule once, worst first: rule, what it is about, why it matters, what to do."""
    words = {each.code: each for each in audit.rules}
    fired: dict[str, list[Finding]] = {}
    for judgment in audit.judgments:
        for each in judgment.findings:
            if each.outcome in {Outcome.FAIL, Outcome.UNKNOWN} and each.waiver is None:
                fired.setdefault(each.rule, []).append(each)
    worst = {rule: max(each.severity.rank for each in found) for rule, found in fired.items()}
    for rule in sorted(fired, key=lambda each: (-worst[each], each)):
        text = words.get(rule)
        found = fired[rule]
        yield (
            rule,
            _some(each.subject or "all" for each in found),
            _some(each.why or (text.why if text else "-") for each in found),
            _some(each.fix or (text.fix if text else "-") for each in found),
        )


_MOST = 3


def _some(texts: Iterable[str]) -> str:
    told = list(dict.fromkeys(texts))
    more = f"; and {len(told) - _MOST} more" if len(told) > _MOST else ""
    return "; ".join(told[:_MOST]) + more


def debugging(audit: Audit) -> Raw:
    """The commands that look closer at this very stack; a sandbox is gone, and has none but those about its files."""
    return commands(_commands(audit))


def _commands(audit: Audit) -> Iterator[tuple[str, ...]]:
    case = audit.case
    manifest = case.manifest
    if manifest.interpreter is not None and not manifest.sandbox:
        path = manifest.interpreter.path
        yield path, "-m", "pip", "check"
        yield path, "-m", "pip", "show", *(each.name for each in case.stack_packages())
        yield "stackaudit", "check", "--python", path, "--only", "conflicts,vulnerabilities", "-v"
    for endpoint in () if manifest.sandbox else manifest.endpoints:
        if scheme_of(endpoint) in _REDIS_CLI:
            yield "redis-cli", "-e", "-u", endpoint.subject, "ping"
        if endpoint.role == "broker":
            yield "celery", "-b", endpoint.subject, "inspect", "ping"
            yield "celery", "-b", endpoint.subject, "inspect", "active"
    for program in dict.fromkeys(each.path for each in case.facts(Program) if each.path is not None):
        yield program, "-version"
    rules = {each.rule for judgment in audit.judgments for each in judgment.findings if each.outcome is Outcome.FAIL}
    for rule in sorted(rules):
        yield "stackaudit", "explain", rule
