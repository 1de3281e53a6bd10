"""Gathers all that must be looked at, side by side, then judges it: the one place with concurrency, and the one with none."""

import platform
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import TypeAlias

from stackaudit import sockets
from stackaudit.model.audit import Case, Judgment
from stackaudit.model.deadline import Deadline
from stackaudit.model.findings import Finding, Outcome, Severity, Verdict
from stackaudit.model.manifest import Manifest
from stackaudit.model.matrix import Rung
from stackaudit.model.parts import Check, Probe, Rule, Visit
from stackaudit.model.snapshot import Evidence, Look, Snapshot, Unseen

Progress: TypeAlias = Callable[[str, str], None]
"""Called with a probe's title and its state: `running`, then `done` or `unseen`."""


def silent(_name: str, _state: str) -> None:
    """The progress that says nothing."""


def gather(
    manifest: Manifest, probes: Sequence[Probe], deadline: Deadline, now: datetime, progress: Progress = silent
) -> Snapshot:
    """Run `probes` side by side, each as soon as what it reads is there, and none past the deadline.

    Every failure of a probe becomes an `Unseen` with its cause. The looks come in the order of their probes' names, whatever order they
    ended in.
    """
    done: dict[str, tuple[Look, ...]] = {}
    running: dict[Future[tuple[Look, ...]], Probe] = {}
    begun: dict[str, float] = {}
    durations: dict[str, float] = {}
    left = list(sockets.order(probes))
    pool = ThreadPoolExecutor(max_workers=max(1, len(left)), thread_name_prefix="probe")
    try:
        while left or running:
            for probe in [each for each in left if _is_ready(each, [*left, *running.values()])]:
                left.remove(probe)
                seen = _seen_by(probe, probes, done, now)
                progress(probe.title, "running")
                begun[probe.name] = time.monotonic()
                visit = Visit(manifest=manifest, seen=seen, deadline=deadline)
                running[pool.submit(_visit, probe, visit)] = probe
            # A probe's own waiting is bounded by the deadline; the half second is for its thread to notice.
            ended, _ = wait(running, timeout=deadline.remaining() + 0.4, return_when=FIRST_COMPLETED)
            if not ended:
                deadline.cancel()
                for probe in [*running.values(), *left]:
                    done[probe.name] = (_blind(probe, _LATE),)
                    progress(probe.title, "unseen")
                break
            for future in ended:
                probe = running.pop(future)
                done[probe.name] = future.result()
                durations[probe.name] = time.monotonic() - begun[probe.name]
                progress(probe.title, "unseen" if any(look.unseen for look in done[probe.name]) else "done")
    except BaseException:
        deadline.cancel()
        raise
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
    looks = tuple(_named(done))
    return Snapshot(taken_at=now, host=platform.node(), looks=looks, durations=tuple(sorted(durations.items())))


def _named(done: dict[str, tuple[Look, ...]]) -> Iterator[Look]:
    for name in sorted(done):
        looks = sorted(done[name], key=lambda look: (look.unseen is not None, look.asked, str(look.unseen)))
        for index, look in enumerate(looks, 1):
            yield replace(look, id=name if len(looks) == 1 else f"{name}.{index}")


_LATE = Unseen(
    subject="",
    yields=(),
    cause="it was not done when the time for the audit was up",
    remedy="give it more time with --timeout SECONDS, or leave the check out with --skip",
)


def _is_ready(probe: Probe, pending: Sequence[Probe]) -> bool:
    return not any(set(probe.reads) & set(other.yields) for other in pending if other is not probe)


def _seen_by(probe: Probe, probes: Sequence[Probe], done: dict[str, tuple[Look, ...]], now: datetime) -> Snapshot:
    sources = [each.name for each in probes if set(each.yields) & set(probe.reads)]
    return Snapshot(taken_at=now, host="", looks=tuple(look for name in sources for look in done.get(name, ())))


def _visit(probe: Probe, visit: Visit) -> tuple[Look, ...]:
    """Run one probe; the only wall that catches what a probe raises.

    What blinds the facts that a probe reads blinds the probe: one root cause, told once. Where part of them was seen it looks at that part,
    and what it cannot see of the rest stays unseen: n of a partial list must not pass for n of all.
    """
    reads = frozenset(kind.__name__ for kind in probe.reads)
    dark = list(visit.seen.unseen(reads))
    whole = _inherited(probe, [unseen for _, unseen in dark if not unseen.subject])
    if any(not look.facts for look, unseen in dark if not unseen.subject):
        return whole
    try:
        looks = _in_child(probe, visit) if probe.child else tuple(probe.collect(visit))
    except Exception as error:  # noqa: BLE001 - a bug in one probe must not hide what the others saw, nor pass for green
        return (_blind(probe, _crashed(probe, type(error).__name__)),)
    if not looks:
        # It had nothing to ask. Was that for want of what it reads, then that is why.
        return _inherited(probe, [unseen for _, unseen in dark])
    yields = tuple(sorted(kind.__name__ for kind in probe.yields))
    return (*(replace(look, probe=probe.name, yields=look.yields or yields) for look in looks), *whole)


def _inherited(probe: Probe, unseen: Sequence[Unseen]) -> tuple[Look, ...]:
    """What blinds `probe` as a whole: each cause in `unseen` once."""
    return tuple(_blind(probe, replace(each, subject="")) for each in {each.cause: each for each in unseen}.values())


def _in_child(probe: Probe, visit: Visit) -> tuple[Look, ...]:
    """Run the probe in a process of its own; what it asked the world dies with it at the deadline."""
    import json

    from stackaudit.model.wire import Json, WireError, decode, encode
    from stackaudit.outside import process

    errand = {
        "manifest": encode(visit.manifest, reveal=True),
        "seen": encode(visit.seen),
        "seconds": visit.deadline.remaining(),
    }
    command = [sys.executable, "-P", "-m", "stackaudit.probes", probe.name]
    with _room() as variables:
        completed = process.run(command, visit.deadline, stdin=json.dumps(errand).encode(), env=variables)
    if completed.ending is process.Ending.TIMED_OUT:
        return (_blind(probe, _LATE),)
    try:
        answer: Json = json.loads(completed.text)
        return decode(tuple[Look, ...], answer)
    except (ValueError, WireError):
        last = completed.error_text.strip().splitlines()[-1:]
        return (
            _blind(
                probe, _crashed(probe, last[0].partition(":")[0] if last else f"exit status {completed.exit_status}")
            ),
        )


@contextmanager
def _room() -> Iterator[dict[str, str]]:
    """The variables that give a child a temporary folder of its own: one that is killed tidies nothing up."""
    from stackaudit.outside import places

    try:
        folder = places.new_folder("probe")
    except OSError:
        # Most probes need none; the one that does says so.
        yield {}
        return
    try:
        yield {"TMPDIR": str(folder.path)}
    finally:
        folder.remove()


def _crashed(probe: Probe, what: str) -> Unseen:
    return Unseen(
        subject="",
        yields=(),
        cause=f"the probe `{probe.name}` broke ({what}): this is a bug of stackaudit",
        remedy="report it, with the command that you ran",
    )


def _blind(probe: Probe, unseen: Unseen) -> Look:
    yields = tuple(sorted(kind.__name__ for kind in probe.yields))
    return Look(
        probe=probe.name,
        asked=probe.title,
        evidence=Evidence(tool="stackaudit"),
        unseen=replace(unseen, yields=yields),
        yields=yields,
    )


def judge(case: Case, chosen: Sequence[Check]) -> tuple[Judgment, ...]:
    """Judge `case` by the rules of each chosen check. Pure: no open, no connection, no process.

    The verdicts are still to be decided by the gate; here each judgment is `skipped` or `unknown`.
    """
    stack = {entry.name for entry in case.matrix.packages} if case.matrix else set()
    others = frozenset(package.subject for package in case.packages() if package.name not in stack)
    return tuple(_judgment(case, check, others) for check in chosen)


def _judgment(case: Case, check: Check, others: frozenset[str]) -> Judgment:
    reason = check.asked_by(case.manifest)
    if reason is not None:
        return Judgment(check=check.id, title=check.title, verdict=Verdict.SKIPPED, summary=reason)
    rules = sockets.rules_of(check)
    rung_of = None if check.rungs is None else check.rungs(case)
    findings = [finding for rule in rules for finding in _proved(rule, apply(rule, case, others), rung_of)]
    reads = {kind.__name__ for rule in rules for kind in rule.reads}
    return Judgment(
        check=check.id,
        title=check.title,
        verdict=Verdict.UNKNOWN,
        summary=check.summarize(case, findings),
        evidence=tuple(look.id for look in case.snapshot.looks if reads.intersection(look.yields)),
        findings=tuple(sorted(findings, key=lambda each: (each.rule, each.subject, each.outcome, each.message))),
    )


def _proved(rule: Rule, findings: Sequence[Finding], rung_of: Callable[[str], Rung | None] | None) -> Iterable[Finding]:
    """`findings` of `rule`, the passes with how strong the evidence behind them is, where that can be said."""
    if rule.rung is None and rung_of is None:
        return findings
    return (_with_rung(each, rule.rung or (None if rung_of is None else rung_of(each.subject))) for each in findings)


def _with_rung(finding: Finding, rung: Rung | None) -> Finding:
    return finding if rung is None or finding.outcome is not Outcome.PASS else replace(finding, rung=rung.value)


def apply(rule: Rule, case: Case, others: frozenset[str] = frozenset()) -> list[Finding]:
    """What `rule` says of `case`: what fails, what stayed unseen, and a pass for each subject that was asked about, seen, and did not fail.

    `others` are the subjects that are no part of the stack.
    Nothing passes by absence: facts that nobody looked for make an unknown, and what blinds a whole look withholds every pass.
    """
    if rule.asked_by is not None and rule.asked_by(case.manifest) is not None:
        return []
    findings = list(rule.judge(rule, case))
    reads = {kind.__name__ for kind in rule.needs(case.manifest)}
    blind = [_unknown(rule, unseen) for _, unseen in case.snapshot.unseen(frozenset(reads))]
    if not rule.follows:
        blind += [_not_asked(rule) for kind in sorted(reads) if not case.snapshot.looked_for(kind)]
    if rule.by_subject:
        blind = []
    whole = any(not finding.subject for finding in blind)
    spoken = {finding.subject for finding in [*findings, *blind]}
    passes = (
        []
        if whole
        else [
            Finding(
                rule=rule.code,
                outcome=Outcome.PASS,
                severity=Severity.LOW,
                subject=subject,
                message=rule.title,
                scope="other" if subject in others else "stack",
            )
            # Most are about facts in the order of their subjects: those are sorted already.
            for subject in sorted(dict.fromkeys(each for each in rule.about(case) if each not in spoken))
        ]
    )
    told = [
        replace(each, scope="other") if each.subject in others else each for each in [*findings, *dict.fromkeys(blind)]
    ]
    return [*told, *passes]


def _unknown(rule: Rule, unseen: Unseen) -> Finding:
    return Finding(
        rule=rule.code,
        outcome=Outcome.UNKNOWN if unseen.knowable else Outcome.UNCHECKABLE,
        severity=rule.severity if unseen.knowable else Severity.LOW,
        subject=unseen.subject,
        message=unseen.cause,
        fix=unseen.remedy,
        cause=unseen.cause,
    )


def _not_asked(rule: Rule) -> Finding:
    cause = "nothing looked for that when the stack was observed"
    return Finding(
        rule=rule.code,
        outcome=Outcome.UNKNOWN,
        severity=rule.severity,
        subject="",
        message=f'"{rule.title}" was not asked: {cause}',
        fix="audit the stack itself anew: a record answers only what was asked when it was made",
        cause=cause,
    )
