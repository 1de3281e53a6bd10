"""Reads requirements files in pip's format, with the files that they include and the constraints that they name."""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from stackaudit.inputs._declared import Declared
from stackaudit.inputs._pip_lines import Line, decode, logical_lines
from stackaudit.inputs._pip_options import OptionError, Options, split_line
from stackaudit.inputs._pip_targets import Context, Unnamed, read_editable, read_target
from stackaudit.inputs._requirement import all_of, plain_pin
from stackaudit.inputs._source import path_of, shown_text
from stackaudit.inputs._text import read_bytes, shown_path
from stackaudit.model.errors import Fault
from stackaudit.model.manifest import Requirement, Terms
from stackaudit.model.places import Place
from stackaudit.model.secret import strip_secrets
from stackaudit.model.versions import pin_of


def read(path: Path, root: Path, environ: Mapping[str, str], data: bytes | None = None) -> Declared:
    """What the requirements file at `path` asks for, as pip would read it.

    `${VAR}` is filled in from `environ`. Included files (`-r`) are read once each; constraints (`-c`) narrow the requirements that
    they name and add none. Places are relative to `root`, the working directory. `data` is what was read of `path` already, if it was.
    """
    reading = _Reading(root=root, environ=environ, read={} if data is None else {path: data})
    reading.file(path, constraint=False)
    requirements = tuple(_narrowed(reading))
    return Declared(
        requirements=requirements,
        faults=(*reading.faults, *_contradictions(requirements)),
        sources=tuple(reading.sources),
        unnamed=tuple(reading.unnamed),
        terms=Terms(
            constraints=tuple(reading.constraints),
            # With one hash pip takes nothing that has none: what is not listed is not installed. A file of both it refuses.
            closed=tuple(reading.sources) if reading.hashed and not reading.unhashed else (),
            indexes=tuple(dict.fromkeys(reading.indexes)),
            prereleases=reading.prereleases,
        ),
    )


@dataclass(slots=True)
class _Reading:
    """The walk through one file and all that it includes, with what was found so far."""

    root: Path
    environ: Mapping[str, str]
    read: Mapping[Path, bytes] = field(default_factory=dict)
    requirements: list[Requirement] = field(default_factory=list)
    constraints: list[Requirement] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    sources: list[str] = field(default_factory=list)
    unnamed: list[Place] = field(default_factory=list)
    indexes: list[str] = field(default_factory=list)
    hashed: bool = False
    unhashed: bool = False
    prereleases: bool = False
    seen: set[tuple[str, bool]] = field(default_factory=set)

    def file(self, path: Path, *, constraint: bool, named_at: tuple[Place, str] | None = None) -> None:
        """Read `path`; where it can't be read, the fault stands where it is named, and as: `named_at`."""
        # Links are followed: a folder that holds a link to itself must not be walked for ever.
        key = (os.path.realpath(path), constraint)
        if key in self.seen:
            return
        self.seen.add(key)
        shown = shown_path(path, self.root)
        data = self.read[path] if path in self.read else read_bytes(path, self.root)
        if isinstance(data, Fault):
            where = data.where if named_at is None else named_at[0]
            message = data.message if named_at is None else f"`{named_at[1]}`: {data.message}"
            self.faults.append(Fault(where=where, message=message, hint=data.hint))
            return
        self.sources.append(shown)
        content = decode(data, Place(path=shown))
        if isinstance(content, Fault):
            self.faults.append(content)
            return
        kept = self.constraints if constraint else self.requirements
        for line in logical_lines(content, self.environ):
            where = Place(path=shown, line=line.number)
            plain = plain_pin(line.text, where)
            if plain is None:
                self._line(line, path, where, constraint=constraint)
            else:
                kept.append(plain)
                self.unhashed |= not constraint

    def _line(self, line: Line, path: Path, where: Place, *, constraint: bool) -> None:
        try:
            requirement, options = split_line(line.text)
        except OptionError as fault:
            self.faults.append(Fault(where=where, message=str(fault)))
            return
        stray = _stray(requirement, options, line)
        if stray is not None:
            self.faults.append(Fault(where=where, message=stray, hint="put it on a line of its own"))
            return
        self.hashed |= options.hashed
        self.unhashed |= not (constraint or options.hashed) and bool(requirement or options.editables)
        self.prereleases |= options.prereleases
        self.indexes += [
            strip_secrets(_quoted(each, line) if line.text != line.written else each) for each in options.indexes
        ]
        context = Context(where=where, folders=(self.root, path.parent))
        if requirement:
            self._keep(read_target(requirement, context), line, where, constraint=constraint)
        elif options.editables:
            if constraint:
                self.faults.append(Fault(where=where, message="an editable requirement can't be a constraint"))
                return
            self._keep(read_editable(options.editables[0], context), line, where, constraint=False)
        else:
            for name in (*options.requirements, *options.constraints):
                self._include(name, path, line, where, constraint=not options.requirements)

    def _include(self, name: str, path: Path, line: Line, where: Place, *, constraint: bool) -> None:
        if "\0" in name:
            self.faults.append(Fault(where=where, message="the name of the file holds a NUL character"))
            return
        lowered = name.lower()
        if lowered.startswith(("http:", "https:")):
            self.faults.append(
                Fault(
                    where=where,
                    message="a requirements file behind a URL is not read",
                    hint="download it, and name the local file here",
                )
            )
            return
        nested = Path(path_of(name) or "/") if lowered.startswith("file:") else path.parent / name
        self.file(nested, constraint=constraint, named_at=(where, _quoted(name, line)))

    def _keep(self, found: Requirement | Fault | Unnamed, line: Line, where: Place, *, constraint: bool) -> None:
        if isinstance(found, Fault):
            if line.text != line.written:
                # What a variable held may be a secret: only what is written may be quoted.
                found = Fault(
                    where=found.where,
                    message=f"with its variables filled in, `{shown_text(line.written)}` is not a requirement",
                )
            self.faults.append(found)
        elif isinstance(found, Unnamed):
            if constraint:
                self.faults.append(Fault(where=where, message="a constraint must name its package"))
            else:
                self.unnamed.append(where)
        elif constraint and found.extras:
            self.faults.append(Fault(where=where, message="a constraint can't ask for extras"))
        elif constraint:
            self.constraints.append(found)
        else:
            self.requirements.append(found)


def _quoted(text: str, line: Line) -> str:
    """`text` of `line` as a message may quote it: what a variable held may be a secret, so then only what is written."""
    return shown_text(text if line.text == line.written else line.written)


def _stray(requirement: str, options: Options, line: Line) -> str | None:
    """What pip would pass over in silence."""
    if options.words:
        return f"pip ignores `{_quoted(options.words[0], line)}`, since it stands after an option"
    files = [*options.requirements, *options.constraints, *options.editables]
    if requirement and files:
        return "pip ignores a file or an editable requirement that stands after another requirement"
    if len(files) > 1:
        return "pip reads only the first file or editable requirement of a line"
    return None


def _narrowed(reading: _Reading) -> Iterator[Requirement]:
    if not reading.constraints:
        yield from reading.requirements
        return
    by_name: dict[str, list[Requirement]] = {}
    for constraint in reading.constraints:
        by_name.setdefault(constraint.name, []).append(constraint)
    for requirement in reading.requirements:
        parts = [requirement]
        for constraint in by_name.get(requirement.name, ()):
            parts = [part for each in parts for part in _under(each, constraint, reading)]
        yield from parts


def _under(requirement: Requirement, constraint: Requirement, reading: _Reading) -> Iterator[Requirement]:
    """`requirement` where `constraint` holds, narrowed; and where it does not, as it was."""
    specifier = requirement.specifier & constraint.specifier
    pin = pin_of(specifier)
    if len(specifier) > 1 and pin is None and specifier.is_unsatisfiable():
        # Two markers may never hold together; nothing here can tell, so only what always applies is a contradiction.
        if constraint.marker is None or constraint.marker == requirement.marker:
            asked = f"{requirement.name}{requirement.specifier}"
            message = f"`{constraint.name}{constraint.specifier}` contradicts `{asked}` of {requirement.where}"
            reading.faults.append(Fault(where=constraint.where, message=message))
        yield requirement
        return
    yield replace(
        requirement,
        specifier=specifier,
        pin=pin,
        where=constraint.where if requirement.pin is None and pin is not None else requirement.where,
        source=requirement.source or constraint.source,
        marker=all_of(requirement.marker, constraint.marker),
    )
    if constraint.marker is not None and constraint.marker != requirement.marker:
        from stackaudit.inputs._marker_logic import negated

        outside = negated(constraint.marker)
        yield replace(requirement, marker=all_of(requirement.marker, outside))


def _contradictions(requirements: tuple[Requirement, ...]) -> Iterator[Fault]:
    """Requirements without markers on one name that no version can keep together."""
    if len({each.name for each in requirements}) == len(requirements):
        return
    first: dict[str, Requirement] = {}
    for requirement in requirements:
        if requirement.marker is not None or not len(requirement.specifier):
            continue
        before = first.setdefault(requirement.name, requirement)
        if before is requirement:
            continue
        both = before.specifier & requirement.specifier
        if pin_of(both) is None and both.is_unsatisfiable():
            yield Fault(
                where=requirement.where,
                message=f"`{requirement.name}{requirement.specifier}` contradicts `{before.name}{before.specifier}` of {before.where}",
                hint="no installer takes both: keep one",
            )
