"""Makes any text harmless inside a Markdown table cell, or inside a line that something else begins."""

import re

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>&#|~!$^])")


def inline(text: object) -> str:
    """`text` as Markdown that shows exactly it, on one line: control characters and line breaks become spaces.

    It can neither break out of a table cell nor become markup, a link, an image or HTML. It must not begin a block: `1.` would be a list.
    """
    flat = " ".join("".join(each if each.isprintable() else " " for each in str(text)).split())
    return _SPECIAL.sub(r"\\\1", flat)
