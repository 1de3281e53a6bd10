"""Reads a package index's page of one project: PEP 691 JSON, or PEP 503 HTML where an index has nothing newer."""

import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from typing import TypeAlias

from packaging.utils import canonicalize_name

from stackaudit.model.secret import Secret
from stackaudit.model.values import dataclass

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"

_SDISTS = (".tar.gz", ".zip", ".tar.bz2", ".tgz", ".tar.xz")
_BUILT = (".whl", ".egg")
_NOWHERE = Secret("")


class PageError(ValueError):
    """What an index answered is no page of that project; the message says in our words what it is instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexFile:
    """One file of a project. `version` is as the file name writes it; `uploaded_at` (UTC) is None where the index does not tell.

    `url` is as the page writes it, perhaps relative to the page's own; `size` is in bytes. `sha256` is that of the file, `metadata_sha256`
    that of its metadata, which lies beside it where `has_metadata` (PEP 658); each None where the index does not tell.
    """

    version: str
    uploaded_at: datetime | None = None
    requires_python: str | None = None
    yanked: bool = False
    yanked_reason: str | None = None
    filename: str = ""
    url: Secret = _NOWHERE
    size: int | None = None
    sha256: str | None = None
    has_metadata: bool = False
    metadata_sha256: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """One project's page. `form` says how the index speaks: `PEP 691 1.1`, `HTML`; `url` is where the page was asked for."""

    form: str
    files: tuple[IndexFile, ...]
    url: Secret = _NOWHERE


def read_page(name: str, content_type: str, body: bytes) -> Page:
    """The page of project `name` (normalized) in `body`.

    Raises:
        PageError: it is something else: an error page, another project's page, JSON of another shape.
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind.endswith("json"):
        return _read_json(name, body)
    if kind.endswith("html"):
        return _read_html(name, body)
    raise PageError("the answer is neither JSON nor HTML")


def version_in(filename: str, name: str) -> str | None:
    """The version in `filename` as it is written there, or None where it is no distribution file of project `name` (normalized)."""
    lower = filename.lower()
    if lower.endswith(_BUILT):
        parts = filename.rsplit(".", 1)[0].split("-")
        found = parts[0], parts[1] if len(parts) > 1 else ""
        return found[1] or None if canonicalize_name(found[0]) == name else None
    suffix = next((each for each in _SDISTS if lower.endswith(each)), None)
    if suffix is None:
        return None
    stem = filename[: -len(suffix)]
    # A source's name may hold dashes, and so may an old version: the dash that ends this project's name is the one that counts.
    for index, character in enumerate(stem):
        if character == "-" and canonicalize_name(stem[:index]) == name:
            return stem[index + 1 :] or None
    return None


def _read_json(name: str, body: bytes) -> Page:
    try:
        answer: Json = json.loads(body)
    except ValueError as error:
        raise PageError("the answer says that it is JSON, and is not") from error
    meta = answer.get("meta") if isinstance(answer, dict) else None
    api = meta.get("api-version") if isinstance(meta, dict) else None
    if not isinstance(answer, dict) or not isinstance(api, str) or not api.startswith("1."):
        raise PageError("the answer is JSON, and not that of a package index (PEP 691)")
    named = answer.get("name")
    if not isinstance(named, str) or canonicalize_name(named) != name:
        raise PageError("the answer is the page of another project")
    files = answer.get("files")
    if not isinstance(files, list):
        raise PageError("the answer lists no files")
    return Page(form=f"PEP 691 {api}", files=tuple(file for each in files if (file := _json_file(name, each))))


def _json_file(name: str, value: Json) -> IndexFile | None:
    """The file that `value` describes; None where it is of a kind that no installer takes.

    Raises:
        PageError: it is no description of a file.
    """
    filename = value.get("filename") if isinstance(value, dict) else None
    if not isinstance(value, dict) or not isinstance(filename, str):
        raise PageError("the answer lists something that is no file")
    version = version_in(filename, name)
    if version is None:
        return None
    needs, yanked, url, size = (value.get(key) for key in ("requires-python", "yanked", "url", "size"))
    metadata = value.get("core-metadata", value.get("dist-info-metadata"))
    return IndexFile(
        version=version,
        uploaded_at=_moment(value.get("upload-time")),
        requires_python=needs if isinstance(needs, str) and needs else None,
        yanked=yanked is True or isinstance(yanked, str),
        yanked_reason=yanked if isinstance(yanked, str) and yanked else None,
        filename=filename,
        url=Secret(url if isinstance(url, str) else ""),
        size=size if isinstance(size, int) else None,
        sha256=_sha256(value.get("hashes")),
        has_metadata=bool(metadata),
        metadata_sha256=_sha256(metadata),
    )


def _sha256(hashes: Json) -> str | None:
    found = hashes.get("sha256") if isinstance(hashes, dict) else None
    return found.lower() if isinstance(found, str) else None


def _moment(value: Json) -> datetime | None:
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
    except ValueError as error:
        raise PageError("the answer holds an upload time that is no time") from error
    # PEP 700 wants UTC; a time without a zone can mean nothing else.
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


class _Links(HTMLParser):
    """Collects (text, attributes) of every anchor."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.links: list[tuple[str, dict[str, str | None]]] = []
        self._open = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.links.append(("", dict(attrs)))
            self._open = True

    def handle_endtag(self, tag: str) -> None:
        if tag == "a":
            self._open = False

    def handle_data(self, data: str) -> None:
        if self._open:
            text, attributes = self.links[-1]
            self.links[-1] = (text + data, attributes)


def _read_html(name: str, body: bytes) -> Page:
    parser = _Links()
    parser.feed(body.decode(errors="replace"))
    parser.close()
    files = tuple(
        _linked(text.strip(), version, attributes)
        for text, attributes in parser.links
        if (version := version_in(text.strip(), name)) is not None
    )
    if not files:
        # A proxy's login page and an empty project look alike: neither shows anything.
        raise PageError("the answer is a page without a single file of the project")
    return Page(form="HTML", files=files)


def _linked(filename: str, version: str, attributes: dict[str, str | None]) -> IndexFile:
    url, _, fragment = (attributes.get("href") or "").partition("#")
    metadata = attributes.get("data-core-metadata") or attributes.get("data-dist-info-metadata") or ""
    return IndexFile(
        version=version,
        requires_python=attributes.get("data-requires-python") or None,
        yanked="data-yanked" in attributes,
        yanked_reason=attributes.get("data-yanked") or None,
        filename=filename,
        url=Secret(url),
        sha256=_sha256_in(fragment),
        has_metadata=metadata not in {"", "false"},
        metadata_sha256=_sha256_in(metadata),
    )


def _sha256_in(text: str) -> str | None:
    found = re.search(r"sha256=([0-9A-Fa-f]{64})", text)
    return found[1].lower() if found else None
