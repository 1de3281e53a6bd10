"""The audit document in Markdown: every line from the audit, none from the template."""

import traceback
from functools import cache
from typing import TYPE_CHECKING

from stackaudit.model.audit import Audit
from stackaudit.model.edition import Edition, TemplateText
from stackaudit.model.errors import Fault, InputError
from stackaudit.model.kinds import Kind, kind_of
from stackaudit.model.parts import Renderer
from stackaudit.model.places import Place
from stackaudit.reports import _fleet, _verification
from stackaudit.reports._document import Document, document
from stackaudit.reports._evidence import HEAD
from stackaudit.reports._keep import Keeping
from stackaudit.reports._raw import escaped, table

if TYPE_CHECKING:
    from jinja2 import Environment

_NAMELESS = f"'{Document.__module__}.{Document.__qualname__} object'"
OURS = "audit.md.j2"
"""The template that ships; a template of the user's own may extend or include it."""
CELLS = "cells.md.j2"
"""The same, without what is never asked where a stack is drilled or the rows of a matrix are proved."""

_SHORT = {Kind.FLEET: _fleet.render, Kind.DOCUMENT: _verification.render}
"""What makes the documents that have no place for what people write."""


def render(audit: Audit) -> str:
    """The document. The same audit and edition give the same bytes.

    Raises:
        InputError: the edition's own template is wrong, by file and line.
    """
    edition = audit.edition or Edition()
    keeping = Keeping(edition.kept)
    own, kind = edition.template, kind_of(audit)
    if own is None and kind in _SHORT:
        return _SHORT[kind](audit)
    seen = document(audit)
    ours = CELLS if kind in {Kind.DRILLS, Kind.PROOFS} else OURS
    text = _written(_environment(), ours, seen, keeping) if own is None else _own(own, seen, keeping)
    left = list(keeping.left_over())
    if left:
        text = f"{text.rstrip()}\n\n## Kept from the edition before\n\n" + "\n".join(left)
    return text


def refuse_bad_template(template: TemplateText) -> None:
    """Raises InputError where `template` is no Jinja2 template, by file and line: before anything is asked for it."""
    from jinja2 import TemplateSyntaxError

    try:
        _environment().parse(template.text, filename=template.path)
    except TemplateSyntaxError as error:
        raise _fault(template, error.lineno, error.message or "the syntax is wrong") from None


def _own(template: TemplateText, seen: Document, keeping: Keeping) -> str:
    """What the user's own `template` makes of the document."""
    from jinja2 import ChoiceLoader, FunctionLoader, TemplateError, TemplateNotFound, TemplateSyntaxError

    environment = _environment()
    own = FunctionLoader(lambda name: (template.text, template.path, lambda: True) if name == template.path else None)
    environment = environment.overlay(loader=ChoiceLoader([own, *([environment.loader] if environment.loader else [])]))
    try:
        return _written(environment, template.path, seen, keeping)
    except TemplateSyntaxError as error:
        raise _fault(template, error.lineno, error.message or "the syntax is wrong") from None
    except TemplateNotFound as error:
        message = f"there is no template `{error.name}`: only `{OURS}` and `{CELLS}` can be extended or included"
        raise _fault(template, _line_in(template, error), message) from None
    except TemplateError as error:
        message = (error.message or type(error).__name__).replace(_NAMELESS, "`document`")
        raise _fault(template, _line_in(template, error), message) from None
    except Exception as error:
        line = _line_in(template, error)
        if line is None:
            raise
        raise _fault(template, line, f"{type(error).__name__}: {error}") from None


def _fault(template: TemplateText, line: int | None, message: str) -> InputError:
    hint = 'it is a Jinja2 template: `document` is what it may print, and `{% extends "audit.md.j2" %}` changes a block alone'
    return InputError([Fault(where=Place(path=template.path, line=line), message=message, hint=hint)])


def _line_in(template: TemplateText, error: BaseException) -> int | None:
    """The line of `template` that was at work when `error` was raised, None where it was not."""
    lines = [each.lineno for each in traceback.extract_tb(error.__traceback__) if each.filename == template.path]
    return lines[-1] if lines else None


def _written(environment: "Environment", name: str, seen: Document, keeping: Keeping) -> str:
    return environment.get_template(name).render(document=seen, table=table, keep=keeping.keep, evidence_head=HEAD)


@cache
def _environment() -> "Environment":
    """A sandbox in which a template can look at what it is given, call its two functions, and reach nothing else.

    It is Markdown: not autoescaping but `finalize` makes every value harmless.
    """
    from jinja2 import PackageLoader, StrictUndefined
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(
        loader=PackageLoader("stackaudit.reports"),
        autoescape=False,
        finalize=escaped,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


RENDERER = Renderer(name="markdown", suffixes=(".md",), render=render)
