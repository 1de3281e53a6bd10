"""The differences between two audits as JSON."""

import json

from stackaudit.model.differences import Difference, Differences
from stackaudit.model.wire import Json, encode

SCHEMA = "stackaudit/diff/1"


def render(differences: Differences) -> str:
    """Indented UTF-8 JSON with a newline at its end: both audits, and each difference with its section and kind.

    What a difference does not have (a lane that can't be told, the side where it is not) is left out.
    """
    told: dict[str, Json] = {
        "schema": SCHEMA,
        "old": encode(differences.old),
        "new": encode(differences.new),
        "differ": differences.differ,
        "differences": [_one(each) for each in differences.found],
    }
    return json.dumps(told, ensure_ascii=False, indent=1) + "\n"


def _one(difference: Difference) -> dict[str, Json]:
    encoded = encode(difference)
    if not isinstance(encoded, dict):
        raise TypeError("a difference is an object on the wire")
    section = encoded.pop("section")
    fields = {name: value for name, value in encoded.items() if value is not None}
    return {"section": section, "kind": difference.kind.value, **fields}
