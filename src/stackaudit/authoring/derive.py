"""Derives the published layer of a matrix from the package index: which releases there are, and what they declare."""

import sys
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeAlias

from packaging.utils import NormalizedName, canonicalize_name
from packaging.version import Version

from stackaudit.authoring._declared import Declared, MetadataError, declared
from stackaudit.authoring._spans import Seen, extras_in_use, spans
from stackaudit.authoring.published_text import text_of
from stackaudit.authoring.troubles import DeriveError, refuse
from stackaudit.inputs._matrix_layers import Published
from stackaudit.inputs.matrix_source import LARGEST
from stackaudit.model.deadline import Deadline
from stackaudit.model.matrix import Matrix, PackageEntry
from stackaudit.model.values import dataclass
from stackaudit.model.versions import parse_version
from stackaudit.outside.index import Absent, Trouble, ask
from stackaudit.outside.index_pages import IndexFile, Page
from stackaudit.outside.index_settings import IndexSettings, SettingsError, index_settings
from stackaudit.outside.metadata import Metadata, Told, Unreadable, chosen, fetch

Say: TypeAlias = Callable[[str], None]
Key: TypeAlias = tuple[NormalizedName, Version]


@dataclass(frozen=True, slots=True, kw_only=True)
class Derived:
    """What was derived: the ranges, why each release that is in none can't be read, and what people should mend in the matrix itself."""

    published: Published
    left_out: tuple[tuple[NormalizedName, Version, str], ...]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Release:
    """The files of one final release, and the page that lists them."""

    page: Page
    files: tuple[IndexFile, ...]


def derive(matrix: Matrix, moment: datetime, deadline: Deadline, say: Say) -> Derived:
    """The ranges of all packages of `matrix` that have `versions`, as pip's index shows them with what was uploaded up to `moment` (UTC).

    Nothing is built and nothing is run: metadata are read from where the index serves them, from wheels, and from source archives that
    promise that a build changes nothing in them.

    Raises:
        DeriveError: the index can't be asked, or does not tell all of it.
    """
    entries = {entry.name: entry for entry in matrix.packages if entry.derive is not None}
    settings = _settings()
    say(f"asking {settings.address} for {len(entries)} packages")
    answers = ask(sorted(entries), settings, deadline)
    pages: dict[NormalizedName, Page] = {}
    troubles: dict[str, str] = {}
    for name in entries:
        match answers[name]:
            case Page() as page:
                pages[name] = page
            case Absent():
                troubles[f"{name}: the package index at {settings.address} does not know it"] = "see how it is spelled"
            case Trouble() as trouble:
                troubles[f"{name}: {trouble.cause}"] = f"see whether pip reaches it: `pip index versions {name}`"
    refuse(troubles)
    releases = {
        (name, version): release
        for name, entry in entries.items()
        for version, release in _releases(entry, pages[name], moment).items()
    }
    seen, left_out = _seen(releases, _fetched(releases, settings, deadline, say))
    for name, entry in entries.items():
        if not any(each.declared is not None for each in seen.get(name, ())):
            refuse({f"{name}: no final release of it in `{entry.derive}` can be read": "widen its `versions`"})
    extras = extras_in_use({name: entry.extras for name, entry in entries.items()}, seen)
    published = Published(at=moment, ranges={name: spans(seen[name], extras[name]) for name in entries})
    if len(text_of(published).encode()) > LARGEST:
        refuse({"the ranges together are longer than a matrix can be": "narrow the `versions` of its packages"})
    return Derived(published=published, left_out=left_out, remarks=_remarks(entries, published))


def _settings() -> IndexSettings:
    try:
        settings = index_settings(sys.prefix)
    except SettingsError as error:
        raise DeriveError(str(error), "mend it: pip itself ends with an error on it") from None
    if not settings.urls:
        raise DeriveError("pip is configured with no web index", "name one: `pip config set global.index-url URL`")
    return settings


def _releases(entry: PackageEntry, page: Page, moment: datetime) -> dict[Version, _Release]:
    """The final releases of `entry` that count, with what there was of them at `moment`.

    A file whose version has a local part (`1.0+cpu`) is another build of the same release, and not looked at.
    """
    found: dict[Version, list[IndexFile]] = {}
    for file in page.files:
        version = parse_version(file.version)
        if version is None or version.is_prerelease or version.local is not None or entry.derive is None:
            continue
        if not entry.derive.contains(version):
            continue
        if file.uploaded_at is None:
            cause = f"{entry.name}: the package index tells no upload times, and so neither days nor what there was at a moment"
            raise DeriveError(cause, "configure an index that serves upload times (PEP 700)")
        if file.uploaded_at <= moment:
            found.setdefault(version, []).append(file)
    # An index may spell one version in two ways, and lists files in any order.
    return {
        min((Version(each.version) for each in files), key=lambda each: (-len(str(each)), str(each))): _Release(
            page=page, files=tuple(files)
        )
        for files in found.values()
    }


def _fetched(
    releases: Mapping[Key, _Release], settings: IndexSettings, deadline: Deadline, say: Say
) -> dict[Key, Told]:
    wanted = {key: file for key, release in releases.items() if (file := chosen(release.files)) is not None}
    say(f"reading the metadata of {len(wanted)} releases")
    told = fetch(
        [(releases[key].page.url, file) for key, file in wanted.items()],
        settings,
        deadline,
        lambda done: say(f"read {done} of {len(wanted)}"),
    )
    found = dict(zip(wanted, told, strict=True))
    refuse({each.cause: each.remedy for each in found.values() if isinstance(each, Trouble)})
    return found


def _seen(
    releases: Mapping[Key, _Release], told: Mapping[Key, Told]
) -> tuple[dict[NormalizedName, tuple[Seen, ...]], tuple[tuple[NormalizedName, Version, str], ...]]:
    """The releases by package, and why those can't be read whose metadata nobody can."""
    seen: dict[NormalizedName, tuple[Seen, ...]] = {}
    left_out = []
    for (name, version), release in sorted(releases.items()):
        found = _read(name, version, told.get((name, version)))
        if isinstance(found, str):
            left_out.append((name, version, found))
        each = Seen(
            version=version,
            day=min(file.uploaded_at for file in release.files if file.uploaded_at is not None).date(),
            yanked=all(file.yanked for file in release.files),
            declared=None if isinstance(found, str) else found,
        )
        seen[name] = (*seen.get(name, ()), each)
    return seen, tuple(left_out)


def _read(name: NormalizedName, version: Version, told: Told | None) -> Declared | str:
    """What a release declares, or why nobody can read it."""
    match told:
        case Metadata(content=content, is_source=is_source):
            try:
                return declared(content, name, version, is_source=is_source)
            except MetadataError as error:
                return f"its metadata {error}"
        case Unreadable(cause=cause):
            return cause
        case _:
            return "it has neither a wheel nor a source archive that can be read without building it"


def _remarks(entries: Mapping[NormalizedName, PackageEntry], published: Published) -> tuple[str, ...]:
    """What people should mend in the matrix itself."""
    remarks: list[str] = []
    for name, entry in entries.items():
        ranges = published.ranges[name]
        had = {extra for each in ranges for extra, _ in each.extras}
        lacking = [extra for extra in entry.extras if canonicalize_name(extra) not in had]
        remarks += [f"no release of {name} has the extra `{extra}`" for extra in lacking]
        listed = {version for each in ranges for version in (*dict(each.releases), *each.yanked)}
        remarks += [
            f"{name} {version} is listed as withdrawn, and the index has it"
            for version in entry.withdrawn
            if version in listed
        ]
    return tuple(remarks)
