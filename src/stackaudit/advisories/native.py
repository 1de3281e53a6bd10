"""Consults one source of advisories in this process: the same question and the same answer as pip-audit's, without pip-audit."""

import hashlib
import time
from collections.abc import Sequence
from pathlib import Path

from stackaudit import __version__
from stackaudit.advisories.answers import Answers
from stackaudit.advisories.bundle import LocalError
from stackaudit.advisories.consultation import Consultation, Vulnerability, advisory
from stackaudit.advisories.records import Pin, Record
from stackaudit.advisories.sources import Kind, Source
from stackaudit.model.deadline import Deadline
from stackaudit.model.snapshot import Evidence


def consult(source: Source, pins: Sequence[Pin], asking: Deadline, deadline: Deadline) -> Consultation:
    """Ask `source` about `pins` until `asking`; PyPI, which answers in a form of its own, through pip-audit until `deadline`."""
    if source.kind is Kind.PYPI:
        from stackaudit.advisories import consult as reference

        return reference.consult(source, pins, asking, deadline)
    started = time.monotonic()
    answers = _answers(source, pins, asking)
    audited = {}
    for pin, found in answers.records.items():
        records = [each for each in found if not each.withdrawn]
        # Of most packages nothing is known: these cost nothing more.
        audited[pin] = tuple(advisory(pin, each, records) for each in merged(records)) if records else ()
    lines = sorted(f"{pin.name}=={pin.version} {told}" for pin, told in audited.items() if told)
    return Consultation(
        source=source,
        evidence=Evidence(
            tool="stackaudit",
            tool_version=__version__,
            sha256=hashlib.sha256("\n".join(lines).encode()).hexdigest() if audited else None,
        ),
        audited=audited,
        failed=dict(answers.failed),
        copy=answers.sha256,
        as_of=answers.as_of,
        measured={"asking": time.monotonic() - started},
    )


def _answers(source: Source, pins: Sequence[Pin], asking: Deadline) -> Answers:
    if source.kind is Kind.OSV:
        from stackaudit.advisories import osv
        from stackaudit.outside.http import Client
        from stackaudit.outside.ways import Way

        with Client(asking, Way(at_once=osv.MOST_AT_ONCE), most=osv.MOST_BYTES) as client:
            return osv.ask(source.address.reveal(), pins, client)
    from stackaudit.advisories.index import open_index

    try:
        index = open_index(Path(source.address.reveal()))
    except LocalError as error:
        return Answers(records={}, failed=dict.fromkeys(pins, str(error)))
    records = {pin: index.about(pin) for pin in pins}
    return Answers(records=records, sha256=index.sha256, as_of=index.as_of).held_to(source.sha256)


def merged(records: Sequence[Record]) -> list[Vulnerability]:
    """`records` about one version as pip-audit tells them, by id: those that share an id are one (pip_audit._audit, as of 2.10).

    Of a record's ids the first is told, PYSEC's before CVE's before others. PYSEC's own are never one with each other. Only ids that
    a vulnerability began with count as shared, not those that it was lent; and the id that a lender is told under is not lent.
    """
    told: list[tuple[str, frozenset[str]]] = []
    shared: set[str] = set()
    named = [_named(each) for each in records]
    for own, others in named:
        if own.startswith("PYSEC"):
            told.append((own, others))
            shared |= {own, *others}
    for own, others in named:
        ids = {own, *others}
        if ids & shared:
            at, (first, known) = next((at, each) for at, each in enumerate(told) if ids & {each[0], *each[1]})
            told[at] = (first, known | (others - {first}))
        else:
            told.append((own, others))
            shared |= ids
    return [
        Vulnerability(id=own, aliases=tuple(sorted(others)), fixed=(), description="")
        for own, others in sorted(told, key=lambda each: each[0])
    ]


def _named(record: Record) -> tuple[str, frozenset[str]]:
    own, *others = sorted((record.id, *record.aliases), key=_rank)
    return own, frozenset(others)


def _rank(identifier: str) -> int:
    return next((rank for rank, prefix in enumerate(("PYSEC", "CVE")) if identifier.startswith(prefix)), 2)
