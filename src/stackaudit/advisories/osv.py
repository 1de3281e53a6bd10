"""Asks an OSV service about many packages with few round trips: `querybatch`, then each advisory once, side by side.

The protocol is that of https://google.github.io/osv.dev/api/.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar
from urllib.parse import quote

from stackaudit.advisories.answers import Answers
from stackaudit.advisories.records import ECOSYSTEM, Pin, Record, RecordError, is_id, parse_json, parse_record
from stackaudit.model.wire import Json
from stackaudit.outside.http import Answer, Client, Failure, Request

T = TypeVar("T")

MOST_QUERIES = 1000
"""Queries that one `querybatch` may hold."""

MOST_AT_ONCE = 64
"""Questions in flight. The service sets no limits (https://google.github.io/osv.dev/api/), uv sends 50 at once and OSV-Scanner 1,000."""

MOST_BYTES = 32 * 1024 * 1024
"""Of all answers of a service: reading them takes a third of a second, and no deadline interrupts it."""

MOST_PAGES = 100
"""Pages of one answer; a service that has more to say of one version is making them up."""

_NO_BATCH = frozenset({404, 405, 501})
_OK = 200
_SHAPE = "its answer does not have the shape of OSV's"
_MIXED_UP = "it answers with advisories about other packages than those that were asked about"


@dataclass(frozen=True, slots=True)
class _Page:
    """One query: a pin, and which page of the answer about it."""

    pin: Pin
    token: str | None = None

    @property
    def query(self) -> dict[str, Json]:
        package: dict[str, Json] = {"name": self.pin.name, "ecosystem": ECOSYSTEM}
        asked: dict[str, Json] = {"package": package, "version": self.pin.version}
        return asked if self.token is None else {**asked, "page_token": self.token}


@dataclass(slots=True)
class _Found:
    """What is known so far: ids or whole records by pin, and the pins that got no complete answer."""

    ids: dict[Pin, dict[str, Record | None]]
    failed: dict[Pin, str]


class _ShapeError(ValueError):
    """An answer is JSON and not of OSV's shape."""


def ask(base: str, pins: Sequence[Pin], client: Client) -> Answers:
    """Everything that the service at the base URL `base` knows of `pins`; a pin whose answer is not complete is among the failed.

    A service without `querybatch` (404, 405, 501) is asked for one package at a time, many side by side.
    """
    base = base.rstrip("/")
    found = _Found(ids={pin: {} for pin in pins}, failed={})
    if pins and not _ask_batches(base, found, client):
        _ask_singly(base, found, client)
    _fetch(base, found, client)
    if _is_mixed_up(found):
        # Where one answer went to a wrong package, a right one is missing elsewhere.
        found.failed.update(dict.fromkeys(found.ids.keys() - found.failed.keys(), _MIXED_UP))
    records = {
        pin: tuple(record for record in known.values() if record is not None)
        for pin, known in found.ids.items()
        if pin not in found.failed
    }
    return Answers(records=records, failed=found.failed)


def _ask_batches(base: str, found: _Found, client: Client) -> bool:
    """Ask by `querybatch` and note the ids; False where the service has no such thing."""
    pages = [_Page(pin) for pin in found.ids]
    for turn in range(MOST_PAGES):
        chunks = [pages[start : start + MOST_QUERIES] for start in range(0, len(pages), MOST_QUERIES)]
        answers = client.ask([_post(f"{base}/v1/querybatch", {"queries": _queries(chunk)}) for chunk in chunks])
        if turn == 0 and any(isinstance(each, Answer) and each.status in _NO_BATCH for each in answers):
            return False
        pages = []
        for chunk, answer in zip(chunks, answers, strict=True):
            read = _read(answer, partial(_results, len(chunk)))
            if isinstance(read, str):
                found.failed.update((page.pin, read) for page in chunk)
                continue
            for page, (entries, token) in zip(chunk, read, strict=True):
                found.ids[page.pin].update((identifier, None) for identifier in entries)
                pages += _next(page, token, found)
        if not pages:
            return True
    found.failed.update((page.pin, "its answer has no end") for page in pages)
    return True


def _ask_singly(base: str, found: _Found, client: Client) -> None:
    """Ask by `query`, which answers with whole records."""
    pages = [_Page(pin) for pin in found.ids]
    for _ in range(MOST_PAGES):
        answers = client.ask([_post(f"{base}/v1/query", page.query) for page in pages])
        following: list[_Page] = []
        for page, answer in zip(pages, answers, strict=True):
            read = _read(answer, _whole)
            if isinstance(read, str):
                found.failed[page.pin] = read
                continue
            records, token = read
            found.ids[page.pin].update((record.id, record) for record in records)
            following += _next(page, token, found)
        pages = following
        if not pages:
            return
    found.failed.update((page.pin, "its answer has no end") for page in pages)


def _next(page: _Page, token: str | None, found: _Found) -> list[_Page]:
    if token is None:
        return []
    if token == page.token:
        found.failed[page.pin] = "its answer has no end"
        return []
    return [_Page(page.pin, token)]


def _fetch(base: str, found: _Found, client: Client) -> None:
    """Fetch each advisory of which only the id is known, once."""
    missing = sorted(
        {identifier for known in found.ids.values() for identifier, record in known.items() if record is None}
    )
    answers = client.ask([Request(url=f"{base}/v1/vulns/{quote(identifier, safe='')}") for identifier in missing])
    fetched = {identifier: _one(identifier, answer) for identifier, answer in zip(missing, answers, strict=True)}
    for pin, known in found.ids.items():
        for identifier in [each for each, record in known.items() if record is None]:
            record = fetched[identifier]
            if isinstance(record, str):
                found.failed.setdefault(pin, record)
            else:
                known[identifier] = record


def _is_mixed_up(found: _Found) -> bool:
    """Whether a pin was given an advisory that does not name its package."""
    return any(
        record is not None and all(each.name != pin.name for each in record.affected)
        for pin, known in found.ids.items()
        for record in known.values()
    )


def _one(identifier: str, answer: Answer | Failure) -> Record | str:
    if isinstance(answer, Answer) and answer.status == _OK:
        try:
            record = parse_record(answer.body)
        except RecordError as error:
            return f"its record {identifier} can't be read: {error}"
        return record if record.id == identifier else f"asked for {identifier} it gave another record"
    why = answer.cause if isinstance(answer, Failure) else f"it answered {answer.status}"
    return f"it did not give its record {identifier}: {why}" if isinstance(answer, Answer) else why


def _queries(pages: Iterable[_Page]) -> list[Json]:
    return [page.query for page in pages]


def _post(url: str, value: Mapping[str, Json]) -> Request:
    return Request(url=url, body=json.dumps(value).encode())


def _read(answer: Answer | Failure, parse: Callable[[Json], T]) -> T | str:
    """What `parse` makes of an answer, or in our words why there is none; `parse` never gives a string."""
    if isinstance(answer, Failure):
        return answer.cause
    if answer.status != _OK:
        return f"it answered {answer.status}"
    if not answer.body.strip():
        return "its answer was empty"
    try:
        value = parse_json(answer.body)
    except ValueError:
        return "its answer was not JSON"
    try:
        return parse(value)
    except (_ShapeError, RecordError):
        return _SHAPE


def _results(size: int, value: Json) -> list[tuple[list[str], str | None]]:
    results = value.get("results") if isinstance(value, dict) and "error" not in value else None
    if not isinstance(results, list) or len(results) != size:
        raise _ShapeError
    return [_entries(each) for each in results]


def _entries(value: Json) -> tuple[list[str], str | None]:
    identifiers = []
    for each in _vulns(value):
        identifier = each.get("id")
        if not isinstance(identifier, str) or not is_id(identifier):
            raise _ShapeError
        identifiers.append(identifier)
    return identifiers, _token(value)


def _whole(value: Json) -> tuple[list[Record], str | None]:
    return [parse_record(json.dumps(each).encode()) for each in _vulns(value)], _token(value)


def _vulns(value: Json) -> Iterable[dict[str, Json]]:
    """The advisories of one answer; an empty object means that there are none, anything else without a list means nothing."""
    if not isinstance(value, dict) or "error" in value or (value and not {"vulns", "next_page_token"} & value.keys()):
        raise _ShapeError
    vulns = value.get("vulns", [])
    if not isinstance(vulns, list):
        raise _ShapeError
    for each in vulns:
        if not isinstance(each, dict):
            raise _ShapeError
        yield each


def _token(value: Json) -> str | None:
    token = value.get("next_page_token") if isinstance(value, dict) else None
    if token is not None and not isinstance(token, str):
        raise _ShapeError
    return token or None
