"""Compares what two audits were of: pins and all else that is declared, what is installed, and the Python."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from stackaudit.gate.held import Held, Sight, declares_the_same
from stackaudit.model.differences import Difference, Section
from stackaudit.model.facts.environment import Distribution
from stackaudit.model.facts.published import Resolution
from stackaudit.model.findings import Lane
from stackaudit.model.manifest import Manifest, Requirement, SettingValue
from stackaudit.model.secret import redact

_Texts = Mapping[str, str]


def declared(old: Held, new: Held) -> Iterator[Difference]:
    """What is declared otherwise, wherever it stands: all of it is the change."""
    then, now = old.case.manifest, new.case.manifest
    yield from _changes(Section.PINS, _pins(then), _pins(now))
    yield from _changes(Section.TARGET, _target(old), _target(new))


def installed(old: Held, new: Held) -> Iterator[Difference]:
    """The packages that are installed in other versions, and what a fresh install gives, where both audits saw that."""
    yield from _closures("", Lane.CHANGE, _distributions(old), _distributions(new))
    lane = Lane.WORLD if declares_the_same(old, new) else Lane.CHANGE
    yield from _closures("fresh install: ", lane, _fresh(old), _fresh(new))


def _changes(section: Section, before: _Texts, after: _Texts, lane: Lane = Lane.CHANGE) -> Iterator[Difference]:
    for name in sorted(before.keys() | after.keys()):
        was, is_ = before.get(name), after.get(name)
        if was != is_:
            yield Difference(section=section, subject=name, before=was, after=is_, lane=lane)


def _closures(prefix: str, lane: Lane, before: _Texts | None, after: _Texts | None) -> Iterator[Difference]:
    """A package each where both audits saw them (None: did not); else all of them as one."""
    if before is not None and after is not None:
        for each in _changes(Section.INSTALLED, before, after, lane):
            yield replace(each, subject=prefix + each.subject)
    elif before or after:
        yield Difference(
            section=Section.INSTALLED,
            subject=f"{prefix}all packages",
            before=_counted(before) if before is not None else None,
            after=_counted(after) if after is not None else None,
            seen=False,
        )


def _counted(packages: _Texts) -> str:
    return f"{len(packages)} package{'s' * (len(packages) != 1)}"


def _joined(texts: Iterable[tuple[str, str]]) -> dict[str, str]:
    """What is said under each name, sorted, each once."""
    found: dict[str, set[str]] = {}
    for name, text in texts:
        found.setdefault(name, set()).add(redact(text))
    return {name: ", ".join(sorted(each)) for name, each in found.items()}


def _pins(manifest: Manifest) -> dict[str, str]:
    requirements = ((each.name, _asked_for(each)) for each in manifest.requirements)
    constraints = ((f"constraint {each.name}", _asked_for(each)) for each in manifest.terms.constraints)
    return _joined((*requirements, *constraints))


def _asked_for(each: Requirement) -> str:
    extras = f"[{','.join(each.extras)}]" if each.extras else ""
    version = str(each.specifier) or (f"=={each.pin}" if each.pin is not None else "any version")
    source = f" from {each.source}" if each.source else ""
    return f"{extras}{version}{f'; {each.marker}' if each.marker else ''}{source}"


def _target(held: Held) -> dict[str, str]:
    """What is audited and how, by a name for each part."""
    manifest, python = held.case.manifest, held.case.interpreter
    kind = "sandbox" if manifest.sandbox else "environment" if manifest.interpreter else "requirements"
    found = [("kind", kind), *(("declared in", each) for each in manifest.sources)]
    if python is not None:
        found += [("Python", f"{python.implementation} {python.version}"), ("platform", python.platform)]
    if manifest.interpreter is not None:
        found.append(("interpreter", manifest.interpreter.path))
    found += [("Python asked for", each.text) for each in manifest.pythons]
    found += [(each.role, each.subject) for each in manifest.endpoints]
    found += [(f"program {each.name}", each.command) for each in manifest.programs]
    found += [("index", each) for each in manifest.terms.indexes]
    found += [("closed list", each) for each in manifest.terms.closed]
    found += [("prereleases", "asked for")] if manifest.terms.prereleases else []
    found += [
        (f"setting {each.name}", _shown(each.value)) for each in manifest.settings if each.value not in {None, ()}
    ]
    found += [("not in use", f"{', '.join(each.parts)} of {each.path}") for each in manifest.terms.left_out]
    if manifest.unnamed:
        found.append(("lines that name no package", str(len(manifest.unnamed))))
    return _joined(found)


def _shown(value: SettingValue) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ", ".join(str(each) for each in value) if isinstance(value, tuple) else str(value)


def _distributions(held: Held) -> _Texts | None:
    """The installed packages, None where they could not be seen."""
    if not Sight(held).sees(Distribution.__name__, ""):
        return None
    return _joined(
        (each.name, f"{each.version}{f' from {each.url}' if each.url else ''}{' (editable)' if each.editable else ''}")
        for each in held.case.facts(Distribution)
    )


def _fresh(held: Held) -> _Texts | None:
    """What a fresh install gives; None where that could not be seen, or nothing goes together: a finding says why, and no package went."""
    found = held.case.facts(Resolution)
    if not Sight(held).sees(Resolution.__name__, "") or any(each.refusal is not None for each in found):
        return None
    return _joined((name, version) for each in found for name, version in each.packages)
