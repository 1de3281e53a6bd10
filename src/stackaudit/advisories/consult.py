"""Consults one source of advisories about pins: asks it, lets the real pip-audit speak, and compares what the two say."""

import hashlib
import time
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from stackaudit.advisories import feed, local, osv, scanner
from stackaudit.advisories.answers import Answers
from stackaudit.advisories.bundle import LocalError
from stackaudit.advisories.consultation import Consultation, advisory
from stackaudit.advisories.records import Pin, Record
from stackaudit.advisories.scanner import Scan
from stackaudit.advisories.sources import Kind, Source
from stackaudit.model.deadline import Deadline
from stackaudit.model.snapshot import Evidence
from stackaudit.outside.http import Client
from stackaudit.outside.ways import Way


def consult(source: Source, pins: Sequence[Pin], asking: Deadline, deadline: Deadline) -> Consultation:
    """Ask `source` about `pins` until `asking`, and let pip-audit speak until `deadline`."""
    result = Consultation(source=source, evidence=Evidence(tool=source.name))
    if source.kind is Kind.PYPI:
        _note(result, _scan(pins, deadline, None), pins, {})
        return result
    with feed.Feed() as fed, ThreadPoolExecutor(max_workers=1) as pool:
        # Starting takes pip-audit longer than most services take to answer: it starts now, and its first question waits in the feed.
        speaking = deadline.within(deadline.remaining())
        try:
            scans = pool.submit(_scan, pins, speaking, fed.url)
            records = _records(result, pins, asking)
            fed.hold(records)
            if len(records) == len(pins):
                _note(result, scans.result(), pins, records)
        finally:
            speaking.cancel()
        if 0 < len(records) < len(pins):
            # It must not be told of a package that nobody answered for: it is asked again about the others.
            _note(result, _scan(list(records), deadline, fed.url), list(records), records)
    return result


def _scan(pins: Sequence[Pin], deadline: Deadline, url: str | None) -> list[Scan]:
    return [scanner.scan(group, deadline, feed=url) for group in scanner.rounds(pins)]


def _records(result: Consultation, pins: Sequence[Pin], asking: Deadline) -> dict[Pin, tuple[Record, ...]]:
    """The whole answer about each of `pins` that got one which pip-audit can read; the others go to the failed."""
    started = time.monotonic()
    answers = _answers(result.source, pins, asking)
    result.measured["asking"] = time.monotonic() - started
    result.copy = answers.sha256
    result.as_of = answers.as_of
    stumbling = {pin: odd for pin, found in answers.records.items() if (odd := _odd(found)) is not None}
    result.failed |= {**answers.failed, **stumbling}
    return {pin: found for pin, found in answers.records.items() if pin not in stumbling}


def _answers(source: Source, pins: Sequence[Pin], asking: Deadline) -> Answers:
    if source.kind is Kind.OSV:
        with Client(asking, Way(at_once=osv.MOST_AT_ONCE), most=osv.MOST_BYTES) as client:
            return osv.ask(source.address.reveal(), pins, client)
    try:
        return local.ask(Path(source.address.reveal()), pins).held_to(source.sha256)
    except LocalError as error:
        return Answers(records={}, failed=dict.fromkeys(pins, str(error)))


def _odd(records: Iterable[Record]) -> str | None:
    return next((f"pip-audit can't read its advisory {each.id}: {each.odd}" for each in records if each.odd), None)


def _note(
    result: Consultation, scans: Sequence[Scan], pins: Sequence[Pin], fed: Mapping[Pin, Sequence[Record]]
) -> None:
    """Enter what the scans said of `pins`; one that none of them names was not audited, whatever their exit status."""
    said = {pin: found for scan in scans for pin, found in scan.audited.items()}
    skipped = {pin: why for scan in scans for pin, why in scan.skipped.items()}
    cause = next((scan.cause for scan in scans if scan.cause is not None), "pip-audit said nothing of it")
    for pin in pins:
        if pin not in said:
            result.failed[pin] = skipped.get(pin, cause)
            continue
        records = [each for each in fed.get(pin, ()) if not each.withdrawn]
        result.audited[pin] = tuple(advisory(pin, each, records) for each in said[pin])
        told = {identifier for each in said[pin] for identifier in (each.id, *each.aliases)}
        unsaid = sorted(record.id for record in records if not record.ids & told)
        if unsaid:
            result.doubtful[pin] = f"pip-audit passed over the advisory {', '.join(unsaid)}"
    digests = [scan.sha256 or "" for scan in scans]
    last = scans[-1]
    result.evidence = Evidence(
        tool="pip-audit",
        tool_version=scanner.version(),
        command=last.command,
        exit_status=max((scan.exit_status for scan in scans if scan.exit_status is not None), default=None),
        sha256=digests[0] or None if len(digests) == 1 else hashlib.sha256("\n".join(digests).encode()).hexdigest(),
    )
    result.measured["pip-audit"] = sum(scan.seconds for scan in scans)
