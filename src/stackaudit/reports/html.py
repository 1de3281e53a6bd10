"""The audit document as one HTML file that asks nothing of anyone: the same Markdown, rendered, with its pictures."""

import base64
import hashlib
import re
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

from stackaudit.model.audit import Audit
from stackaudit.model.parts import Renderer
from stackaudit.model.values import dataclass

if TYPE_CHECKING:
    from jinja2 import Template

_OWN_ANCHORS = frozenset(
    {"document", "pictures"}
    | {f"{name}-{part}" for name in ("severities", "timeline", "heatmap") for part in ("title", "desc")}
)

_NO_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]")
"""What no page may hold: control characters, half of a surrogate pair, and what is no character."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One picture: its name, its SVG, and what stands under it."""

    name: str
    svg: str
    caption: str


def render(audit: Audit) -> str:
    """The page of the audit's own document. The same audit gives the same bytes."""
    from stackaudit.reports import markdown

    return page(audit, markdown.render(audit))


def page(audit: Audit, document: str) -> str:
    """The page of `document`, Markdown about `audit`: with a table of contents, and the pictures of `audit` after the first section.

    It is well-formed XML too. Its policy lets a browser load nothing and run nothing.
    """
    from stackaudit.reports._outline import outlined
    from stackaudit.reports._page_markdown import html_of, tokens_of

    tokens, headings = outlined(tokens_of(document), taken=_OWN_ANCHORS)
    own = [each for each in headings if not each.nested]
    sections = [each for each in own if each.level == 2]  # noqa: PLR2004 - the title is the first level
    contents = [(each.anchor, each.text) for each in sections]
    starts = {each.attrs["id"]: at for at, each in enumerate(tokens) if "id" in each.attrs}
    cuts = [starts[each.anchor] for each in sections]
    head, first = (cuts[0] if cuts else 0), (cuts[1] if len(cuts) > 1 else len(tokens))
    style = _template("page.css.j2").render()
    whole = _template("page.html.j2").render(
        title=next((each.text for each in own if each.level == 1), "Audit"),
        policy=f"default-src 'none'; style-src '{_hash(style)}'; base-uri 'none'; form-action 'none'",
        style=style,
        contents=[*contents[:1], ("pictures", "At a glance"), *contents[1:]],
        head=html_of(tokens[:head]),
        first=html_of(tokens[head:first]),
        figures=tuple(_figures(audit)),
        rest=html_of(tokens[first:]),
    )
    return _NO_TEXT.sub(" ", whole)


def _figures(audit: Audit) -> Iterator[Figure]:
    from stackaudit.model.kinds import Kind, kind_of
    from stackaudit.reports._severities import reach, severities
    from stackaudit.reports._timeline import lives
    from stackaudit.reports._timeline_svg import CAPTION, timeline
    from stackaudit.reports.heatmap import heatmap
    from stackaudit.reports.heatmap_svg import svg

    yield Figure(name="severities", svg=severities(audit), caption=f"Findings by severity. {reach(audit)}.")
    found = lives(audit)
    if found:
        caption = f"Release and end-of-life dates of what was audited. {CAPTION}"
        yield Figure(name="timeline", svg=timeline(found, audit.case.today), caption=caption)
    matrix = audit.case.matrix
    if matrix is not None and kind_of(audit) not in {Kind.DRILLS, Kind.PROOFS}:
        drawn = svg(heatmap(matrix, audit.case.today), "heatmap-").partition("\n")[2]
        caption = f"The matrix {matrix.name}, not this stack's own versions: the newest version of each package on each Python."
        yield Figure(name="heatmap", svg=drawn, caption=caption)


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


@cache
def _template(name: str) -> "Template":
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("stackaudit.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template(name)


RENDERER = Renderer(name="html", suffixes=(".html",), render=render)
