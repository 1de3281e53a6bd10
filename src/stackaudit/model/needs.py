"""What a project says it needs of ffmpeg: a kind and a name, as in `encoder libx264`."""

import re

from stackaudit.model.manifest import Manifest

KINDS = ("encoder", "decoder", "filter", "protocol", "option")
_NEED = re.compile(rf"({'|'.join(KINDS)})[ :](-?[A-Za-z0-9_][\w.+-]*)", re.ASCII)


def parse_need(text: str) -> tuple[str, str] | None:
    """The kind and the name that `text` says, the name of an option without its dash; None where it says none."""
    found = _NEED.fullmatch(text.strip())
    return None if found is None else (found[1], found[2].removeprefix("-"))


def needed(manifest: Manifest) -> tuple[tuple[str, str], ...]:
    """The kinds and names that the setting `needs` lists, sorted."""
    return tuple(sorted({need for each in manifest.texts("needs") if (need := parse_need(each)) is not None}))
