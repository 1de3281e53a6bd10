"""Pages of audits as their readers take them: parsed, and refused where a browser would have to mend them."""

import xml.etree.ElementTree as ET
from functools import cache

from justhtml import JustHTML

from stackaudit.model.audit import Audit
from stackaudit.reports.html import render
from stories import an_audit

SVG = "{http://www.w3.org/2000/svg}"


@cache
def the_audit() -> Audit:
    """The audit of the stories, made once."""
    return an_audit()


def parsed(text: str) -> ET.Element:
    """The page as XML; and it has no error that a browser would have to mend."""
    JustHTML(text, strict=True, sanitize=False)
    return ET.fromstring(text)


def said(element: ET.Element) -> str:
    """All its text, with single spaces."""
    return " ".join("".join(element.itertext()).split())


def pictures(audit: Audit) -> dict[str, ET.Element]:
    """The pictures of the page of `audit`, by name."""
    return {each.attrib["aria-labelledby"].partition("-")[0]: each for each in parsed(render(audit)).iter(f"{SVG}svg")}
