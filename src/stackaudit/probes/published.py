"""Asks the package index for what a document claims: all releases of its packages, their metadata, and what their source reads."""

import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from packaging.utils import canonicalize_name
from packaging.version import Version

from stackaudit.advisories.sources import chosen as chosen_sources
from stackaudit.model.claims import ClaimKind
from stackaudit.model.facts.advised import Audited
from stackaudit.model.facts.deployment import SourceRead
from stackaudit.model.facts.published import History, Published, Upload
from stackaudit.model.parts import Probe, Visit
from stackaudit.model.snapshot import Evidence, Look, Unseen
from stackaudit.model.versions import parse_version
from stackaudit.outside.index import Absent, Answer, Trouble, ask
from stackaudit.outside.index_pages import IndexFile, Page
from stackaudit.outside.index_settings import IndexSettings, SettingsError, index_settings
from stackaudit.outside.metadata import Metadata, Told, Unreadable, chosen, fetch
from stackaudit.probes._published_metadata import MetadataError, published
from stackaudit.probes._published_source import read_sources
from stackaudit.probes._telling import before
from stackaudit.probes._wanted import Wanted, uncheckable, wanted_packages

_HISTORY, _PUBLISHED, _SOURCE = History.__name__, Published.__name__, SourceRead.__name__
_YIELDS = (_HISTORY, _PUBLISHED, _SOURCE)
_OFFLINE = "offline: the package index is not asked"
_ONLINE = "verify it where the index may be asked, or let it pass with --allow-unknown document"
_CONFIGURE = "tell pip the address of an index that is reached over the web: `pip config set global.index-url URL`"


def collect(visit: Visit) -> Sequence[Look]:
    """What the index knows of the packages and tools that the document names; nothing where no document is verified."""
    manifest = visit.manifest
    if not manifest.claims:
        return []
    if manifest.flag("offline"):
        kinds = _YIELDS if chosen_sources(manifest) else (*_YIELDS, Audited.__name__)
        return [_look("the package index", unseen=_unseen("", _OFFLINE, _ONLINE, kinds), yields=kinds)]
    started = time.monotonic()
    try:
        settings = index_settings(sys.prefix)
    except SettingsError as error:
        return [
            _look("the package index", unseen=_unseen("", str(error), "mend it: pip itself ends with an error on it"))
        ]
    if not settings.urls:
        return [_look("the package index", unseen=_unseen("", "pip is configured with no web index", _CONFIGURE))]
    wanted = wanted_packages(visit)
    apart = [uncheckable(each.subject, (_HISTORY, _PUBLISHED), each.elsewhere) for each in wanted if each.elsewhere]
    public = [each for each in wanted if each.elsewhere is None]
    tools = {canonicalize_name(each.name) for each in manifest.claims_of(ClaimKind.TOOL)}
    whole = before(visit.deadline)
    names = sorted({str(each.name) for each in public} | tools)
    answers = ask(names, settings, whole.within(0.5 * whole.remaining()))
    looks = [*_histories(answers, settings.address), *(_look(each.subject, unseen=each) for each in apart)]
    if any(look.unseen is not None and not look.unseen.subject for look in looks):
        return looks
    looks += _metadata(public, answers, settings, visit)
    looks += read_sources(visit, public, answers, settings)
    return [replace(looks[0], measured=(("package index", time.monotonic() - started),)), *looks[1:]]


def _histories(answers: Mapping[str, Answer], address: str) -> list[Look]:
    """One look for all projects that the index told of, and one for each that it could not be asked about."""
    facts = tuple(_history(name, answer) for name, answer in sorted(answers.items()) if not isinstance(answer, Trouble))
    troubles = {name: answer for name, answer in sorted(answers.items()) if isinstance(answer, Trouble)}
    if not any(each.known for each in facts):
        causes = sorted({each.cause for each in troubles.values()})
        cause = "; ".join(causes) or f"the index at {address} knows none of the {len(answers)} packages"
        remedy = next(
            (each.remedy for each in troubles.values()), "see which one pip is configured with: `pip config list`"
        )
        return [_look(f"{len(answers)} packages at {address}", unseen=_unseen("", cause, remedy))]
    count = f"the releases of {len(facts)} packages at {address}"
    command = ("GET", f"{address}/NAME/")
    form = next((answer.form for answer in answers.values() if isinstance(answer, Page)), None)
    evidence = Evidence(tool="package index", tool_version=form, command=command)
    return [
        Look(probe="published", asked=count, evidence=evidence, facts=facts, yields=(_HISTORY,)),
        *(
            _look(name, unseen=_unseen(name, each.cause, each.remedy, (_HISTORY, _PUBLISHED)))
            for name, each in troubles.items()
        ),
    ]


def _history(name: str, answer: Page | Absent) -> History:
    if isinstance(answer, Absent):
        return History(name=canonicalize_name(name), known=False)
    files: dict[Version, list[IndexFile]] = {}
    for file in answer.files:
        version = parse_version(file.version)
        if version is not None:
            files.setdefault(version, []).append(file)
    return History(
        name=canonicalize_name(name),
        known=True,
        uploads=tuple(
            Upload(
                version=str(version),
                at=min((each.uploaded_at for each in found if each.uploaded_at is not None), default=None),
                yanked=all(each.yanked for each in found),
            )
            for version, found in sorted(files.items())
        ),
    )


def files_of(wanted: Wanted, answers: Mapping[str, Answer]) -> list[IndexFile]:
    """The files of the wanted version, as the index lists them."""
    answer = answers.get(wanted.name)
    version = parse_version(wanted.version)
    files = answer.files if isinstance(answer, Page) else ()
    return [each for each in files if version is not None and parse_version(each.version) == version]


def _metadata(
    wanted: Sequence[Wanted], answers: Mapping[str, Answer], settings: IndexSettings, visit: Visit
) -> Iterator[Look]:
    """One look for all metadata that could be read, and one for each release whose could not."""
    asked: dict[Wanted, IndexFile] = {}
    unseen: list[Unseen] = []
    for each in wanted:
        files = files_of(each, answers)
        file = chosen(files)
        if file is not None:
            asked[each] = file
        elif files:
            cause = "it has neither a wheel nor a source archive that can be read without building it"
            unseen.append(_unseen(each.subject, cause, "see its project page", (_PUBLISHED,), knowable=False))
    pages = {name: answer for name, answer in answers.items() if isinstance(answer, Page)}
    deadline = before(visit.deadline)
    told = fetch([(pages[each.name].url, file) for each, file in asked.items()], settings, deadline, lambda _done: None)
    facts: list[Published] = []
    for each, answer in zip(asked, told, strict=True):
        found = _published(each, answer)
        if isinstance(found, Unseen):
            unseen.append(found)
        else:
            facts.append(found)
    evidence = Evidence(tool="package index", command=("GET", f"{settings.address}/NAME/", "FILE.metadata"))
    yield Look(
        probe="published",
        asked=f"the metadata of {len(facts)} releases",
        evidence=evidence,
        facts=tuple(facts),
        yields=(_PUBLISHED,),
    )
    yield from (_look(each.subject, unseen=each, yields=(_PUBLISHED,)) for each in unseen)


def _published(wanted: Wanted, told: Told) -> Published | Unseen:
    match told:
        case Metadata(content=content):
            try:
                return published(content, wanted.name, wanted.version)
            except MetadataError as error:
                return _unseen(
                    wanted.subject, f"its metadata {error}", "see its project page", (_PUBLISHED,), knowable=False
                )
        case Unreadable(cause=cause):
            return _unseen(wanted.subject, cause, "see its project page", (_PUBLISHED,), knowable=False)
        case Trouble(cause=cause, remedy=remedy):
            return _unseen(wanted.subject, cause, remedy, (_PUBLISHED,))


def _unseen(
    subject: str, cause: str, remedy: str, yields: tuple[str, ...] = _YIELDS, *, knowable: bool = True
) -> Unseen:
    return Unseen(subject=subject, yields=yields, cause=cause, remedy=remedy, knowable=knowable)


def _look(asked: str, *, unseen: Unseen, yields: tuple[str, ...] = ()) -> Look:
    evidence = Evidence(tool="package index")
    return Look(probe="published", asked=asked, evidence=evidence, unseen=unseen, yields=yields or unseen.yields)


PROBE = Probe(
    name="published",
    title="what the document names",
    reads=(),
    yields=(History, Published, SourceRead),
    collect=collect,
    child=True,
)
