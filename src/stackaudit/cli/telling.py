"""Tells an audit: on standard output in one format, and to files; refuses before the audit what could not be told after it."""

import os
import sys
from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from pathlib import Path
from typing import TextIO

from stackaudit import sockets
from stackaudit.cli import keeping, text
from stackaudit.cli.exits import Exit
from stackaudit.cli.github import add_summary
from stackaudit.cli.output import refuse_closed, write
from stackaudit.gate.rungs import WEAK
from stackaudit.gate.waivers import TERMS
from stackaudit.model.audit import Audit, Policy
from stackaudit.model.errors import UsageError
from stackaudit.model.findings import Outcome, Verdict
from stackaudit.model.parts import Renderer
from stackaudit.model.places import Place
from stackaudit.model.repository import Repository
from stackaudit.model.rule_text import RuleText
from stackaudit.model.secret import redact
from stackaudit.model.values import dataclass
from stackaudit.model.variables import may_hold_values
from stackaudit.outside.files import write_whole


@dataclass(frozen=True, slots=True, kw_only=True)
class Printing:
    """How the result is told: the format on standard output, the files, and how much.

    `title` is the first line of the text, `details` makes lines below those of the checks, and `keeps` says that its document has places
    for what people write, which is read out of the one that it replaces.
    """

    format: str
    outputs: tuple[Path, ...]
    color: str
    no_progress: bool
    quiet: int
    verbose: int
    exit_zero: bool
    title: str = ""
    details: Callable[[Audit], str] | None = None
    keeps: bool = True

    @property
    def progress(self) -> bool:
        """Whether live progress is wanted: who wants less wants none."""
        return not (self.no_progress or self.quiet)

    def status(self, verdict: Verdict) -> Exit:
        """The exit status of a command that told an audit of this verdict."""
        return Exit.PASSED if self.exit_zero else Exit.of(verdict)


COLORS = ("auto", "always", "never")
_BILL_IN_XML = ".cdx.xml"
"""It ends in `.xml`, which chooses JUnit: nobody who writes this means that."""


def refuse_bad(printing: Printing) -> None:
    """Raises UsageError where a format is unknown or the result could not be written: before anything is asked of anyone."""
    if printing.format != "text":
        names = ["text", *(each.name for each in sockets.renderers())]
        if printing.format not in names:
            raise UsageError(f"there is no format {printing.format!r}", hint=f"formats are {', '.join(names)}")
    if printing.color not in COLORS:
        raise UsageError(f"--color can't be {printing.color!r}", hint=f"it is one of {', '.join(COLORS)}")
    if not (printing.outputs or _is_silent(printing)):
        refuse_closed()
    for path in printing.outputs:
        renderer_for(path)
        folder = path.parent
        if not folder.is_dir():
            raise UsageError(f"{path} can't be written: there is no folder {folder}", hint="create the folder first")
        if path.is_dir():
            raise UsageError(f"{path} can't be written: it is a folder")
        if not os.access(path if path.exists() and not path.is_file() else folder, os.W_OK):
            raise UsageError(f"{path} can't be written: permission denied")
        document = _document_of(path)
        if printing.keeps and document is not None:
            keeping.kept_in(document)


def renderer_for(path: Path) -> Renderer:
    """The renderer whose suffix ends `path`, the longest first.

    Raises:
        UsageError: no renderer has it.
    """
    by_suffix = {suffix: each for each in sockets.renderers() for suffix in each.suffixes}
    if path.name.endswith(_BILL_IN_XML):
        raise UsageError(f"{path}: CycloneDX is written as JSON alone", hint="let its name end in .cdx.json")
    for suffix in sorted(by_suffix, key=len, reverse=True):
        if path.name.endswith(suffix):
            return by_suffix[suffix]
    raise UsageError(f"{path}: no format ends in that", hint=f"known endings are {', '.join(sorted(by_suffix))}")


def tell(audit: Audit, policy: Policy, printing: Printing) -> None:
    """Print and write `audit`.

    With files, standard output stays empty and one line on standard error sums up; but a format that no file name chooses, such as a
    workflow's annotations, is printed beside them where it was asked for.
    """
    if printing.outputs or printing.format != "text":
        audit = replace(audit, rules=_words(), repository=find_repository(Path.cwd()))
    if printing.outputs:
        for path in printing.outputs:
            try:
                write_whole(path, redact(renderer_for(path).render(_edition_at(path, audit, printing))))
            except OSError as error:
                raise UsageError(f"{path} can't be written: {error.strerror}") from None
        written = ", ".join(str(path) for path in printing.outputs)
        if printing.quiet < _SILENT:
            write(f"{audit.verdict.value}: {text.conclusion(audit, policy)}; wrote {written}\n", sys.stderr)
    # Text needs no renderer, and most calls want no more: none is loaded then.
    renderers = () if printing.format == "text" else sockets.renderers()
    renderer = next((each for each in renderers if each.name == printing.format), None)
    if renderer is not None and not (printing.outputs and renderer.suffixes):
        write(renderer.render(audit))
        if renderer.name == "github":
            add_summary(audit)
    if renderer is not None or printing.outputs or _is_silent(printing):
        return
    telling = text.Telling(
        quiet=printing.quiet,
        verbose=printing.verbose,
        color=wants_color(printing.color, sys.stdout),
        line=source_line,
        title=printing.title,
        details=printing.details(audit) if printing.details is not None else "",
    )
    write(text.render(audit, sockets.rules_coded(_told(audit)), policy, telling))


_SILENT = 2
"""How many times quiet is silent."""


def _is_silent(printing: Printing) -> bool:
    return printing.format == "text" and printing.quiet >= _SILENT


def _told(audit: Audit) -> frozenset[str]:
    """The codes of the rules of which more is told than that they hold."""
    findings = (each for judgment in audit.judgments for each in judgment.findings)
    return frozenset(each.rule for each in findings if each.outcome is not Outcome.PASS)


def _edition_at(path: Path, audit: Audit, printing: Printing) -> Audit:
    document = _document_of(path) if printing.keeps else None
    return keeping.for_document(audit, document) if document is not None else audit


def _document_of(path: Path) -> Path | None:
    """The Markdown that people write into: `path` itself, for a page that of its name beside it; None for what is no document."""
    name = renderer_for(path).name
    if name == "html":
        return path.with_suffix(".md")
    return path if name == "markdown" else None


def _words() -> tuple[RuleText, ...]:
    rules = (
        RuleText(
            code=each.code, title=each.title, severity=each.severity, why=each.why, fix=each.fix, source=each.source
        )
        for each in sockets.rules()
    )
    return (*rules, *TERMS, WEAK)


def find_repository(folder: Path) -> Repository:
    """The repository that `folder` lies in: the nearest folder above it, or itself, that holds a `.git`; else `folder` is taken for one."""
    root = next((each for each in (folder, *folder.parents) if (each / ".git").exists()), folder)
    return Repository(root=root.as_posix(), folder=folder.as_posix())


def wants_color(choice: str, stream: TextIO) -> bool:
    """Whether to colour: the option, then a non-empty NO_COLOR, then FORCE_COLOR (0 is no), then whether `stream` is a terminal."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    if os.environ.get("FORCE_COLOR"):
        return os.environ["FORCE_COLOR"] != "0"
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def source_line(place: Place) -> str | None:
    """The line that `place` names, redacted; None where it has no line, may hold a variable's value, or the file is not there."""
    if place.line is None:
        return None
    lines = _lines(place.path)
    line = lines[place.line - 1].rstrip() if 0 < place.line <= len(lines) else None
    return None if line is None or may_hold_values(place.path, line) else redact(line)


@lru_cache(maxsize=8)
def _lines(path: str) -> tuple[str, ...]:
    """The lines of the file at `path`, none where it can't be read: many findings may lie in one long lock."""
    try:
        return tuple(Path(path).read_text(encoding="utf-8", errors="replace").splitlines())
    except OSError:
        return ()
