"""What the workers of a fleet run, as text and as Markdown: every version set, even where there is one alone."""

from collections.abc import Iterator

from stackaudit.model.audit import Audit
from stackaudit.model.facts.fleet import VersionSet
from stackaudit.model.facts.workers import Worker
from stackaudit.model.findings import Outcome
from stackaudit.model.kinds import title_of
from stackaudit.reports._escape import inline
from stackaudit.reports._marks import mark_of_all

_FIRST = ("celery", "kombu", "billiard", "redis", "amqp")
_NAMED = 12


def text(audit: Audit) -> str:
    """The version sets, and who did not answer, for a terminal."""
    lines = []
    for number, each in enumerate(audit.case.facts(VersionSet), 1):
        lines.append(f"  version set {number} ({each.id}), {_count(len(each.nodes))}: {_named(each.nodes)}")
        lines.append(f"    {_versions(each)}")
    silent = _silent(audit)
    lines += [f"  no answer, {_count(len(silent))}: {_named(silent)}"] if silent else []
    return "".join(f"{line}\n" for line in lines)


def render(audit: Audit) -> str:
    """The document. The same audit gives the same bytes."""
    return "\n".join(_lines(audit)) + "\n"


def _lines(audit: Audit) -> Iterator[str]:
    yield f"# {inline(title_of(audit))}"
    yield ""
    yield f"**Verdict: {mark_of_all(audit)}** - {inline('; '.join(each.summary for each in audit.judgments))}."
    yield ""
    yield f"Asked on {audit.started_at:%Y-%m-%d %H:%M} UTC by stackaudit {inline(audit.tool_version)}."
    yield ""
    yield "## Version sets"
    yield ""
    yield "| Set | Workers | Runs | Names |"
    yield "|---|---|---|---|"
    for one in audit.case.facts(VersionSet):
        cells = (one.id, str(len(one.nodes)), _versions(one), ", ".join(one.nodes))
        yield f"| {' | '.join(map(inline, cells))} |"
    silent = _silent(audit)
    if silent:
        yield f"| - | {len(silent)} | no answer | {inline(', '.join(silent))} |"
    yield ""
    yield "## Findings"
    yield ""
    found = [each for judgment in audit.judgments for each in judgment.findings if each.outcome is not Outcome.PASS]
    for each in found:
        accepted = f" Accepted: {each.waiver.told}." if each.waiver is not None else ""
        fix = f" Fix: {each.fix}." if each.fix else ""
        about = f"{each.subject}: " if each.subject else ""
        yield (
            f"- **{each.rule}** ({each.outcome}, {each.severity}) {inline(f'{about}{each.message}.{fix}{accepted}')}"
        )
    if not found:
        yield "None."


def _versions(of: VersionSet) -> str:
    """What tells version sets apart at a glance."""
    parts = [f"{name} {version}" for name in _FIRST if (version := of.version(name)) is not None]
    parts += [f"Python {of.python}"] if of.python is not None else []
    if not of.whole:
        return ", ".join([*parts, "no more is known: no worker step"])
    parts += [f"{name} {version or 'none'}" for name, version in of.programs if name == "ffmpeg"]
    parts += [of.system] if of.system is not None else []
    return ", ".join([*parts, f"{len(of.packages)} packages"])


def _silent(audit: Audit) -> tuple[str, ...]:
    return tuple(sorted(each.node for each in audit.case.facts(Worker) if not each.answered))


def _count(workers: int) -> str:
    return f"{workers} worker{'s' * (workers != 1)}"


def _named(nodes: tuple[str, ...]) -> str:
    more = f" and {len(nodes) - _NAMED} more" if len(nodes) > _NAMED else ""
    return f"{', '.join(nodes[:_NAMED])}{more}"
