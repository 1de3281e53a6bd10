"""The record: the JSON document of one audit, which every other rendering could be made from again."""

import json
from typing import TypeAlias

from stackaudit.model.audit import RECORD_SCHEMA, Audit
from stackaudit.model.deployment import Deployment
from stackaudit.model.manifest import UNRECORDED
from stackaudit.model.parts import Renderer
from stackaudit.model.snapshot import Look
from stackaudit.model.wire import Json, digest, encode

_Object: TypeAlias = dict[str, Json]


def record(audit: Audit) -> _Object:
    """The record of `audit`: keys in a fixed order, lists sorted, no secret.

    `digest` is the SHA-256 of all but the times and what was measured: two audits of the same facts have the same digest.
    """
    times: _Object = {
        "started_at": encode(audit.started_at),
        "finished_at": encode(audit.finished_at),
        "today": encode(audit.case.today),
    }
    body = _body(audit)
    return {
        "schema": RECORD_SCHEMA,
        "tool": {"name": "stackaudit", "version": audit.tool_version},
        **times,
        **body,
        "measured": _measured(audit),
        "verdict": audit.verdict.value,
        "digest": digest({**body, "verdict": audit.verdict.value}),
    }


def render(audit: Audit) -> str:
    """The record as indented UTF-8 JSON with a newline at its end."""
    return json.dumps(record(audit), ensure_ascii=False, indent=1) + "\n"


def digest_of(look: Look) -> str:
    """`sha256:` and the digest of `look` as it stands in a record."""
    encoded = encode(look)
    if not isinstance(encoded, dict):
        raise TypeError("a look is an object on the wire")
    return digest(_look(encoded))


def _body(audit: Audit) -> _Object:
    case = audit.case
    manifest = case.manifest
    python: _Object = {}
    if case.interpreter is not None:
        python = {"version": case.interpreter.version, "implementation": case.interpreter.implementation}
    if manifest.interpreter is not None:
        python["path"] = encode(manifest.interpreter.path)
    kind = "sandbox" if manifest.sandbox else "environment" if manifest.interpreter else "requirements"
    declared = encode(manifest)
    if not isinstance(declared, dict):
        raise TypeError("a manifest is an object on the wire")
    del declared["sources"], declared["sandbox"]
    declared["settings"] = [each for each in _objects(declared["settings"]) if each["name"] not in UNRECORDED]
    if not manifest.claims:
        # Only a document that is verified makes any.
        del declared["claims"]
    if manifest.deployment == Deployment():
        del declared["deployment"]
    return {
        "target": {
            "kind": kind,
            "python": python,
            "platform": case.interpreter.platform if case.interpreter else None,
            "sources": encode(manifest.sources),
        },
        "manifest": declared,
        "matrix": encode(case.matrix) if case.matrix is None else _matrix(audit),
        **({"baseline": audit.baseline} if audit.baseline is not None else {}),
        "looks": [_look(look) for look in _objects(encode(case.snapshot.looks))],
        "checks": [_check(check) for check in _objects(encode(audit.judgments))],
    }


def _objects(value: Json) -> list[_Object]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _matrix(audit: Audit) -> _Object:
    matrix = audit.case.matrix
    if matrix is None:
        return {}
    written, *machine_made = matrix.layers
    layers: list[Json] = [encode(each) for each in machine_made]
    return {"name": matrix.name, "sha256": matrix.sha256, "content": written.content, "layers": layers}


def _look(look: _Object) -> _Object:
    return {
        name: look[name]
        for name in ("id", "probe", "asked", "yields", "evidence", "facts", "unseen")
        if look[name] is not None
    }


def _check(check: _Object) -> _Object:
    return {
        "id": check["check"],
        **{name: check[name] for name in ("title", "verdict", "summary", "evidence")},
        "findings": [
            {name: value for name, value in finding.items() if value not in (None, [])}
            for finding in _objects(check["findings"])
        ],
    }


def _measured(audit: Audit) -> _Object:
    latencies: _Object = {
        f"{look.id}.{name}": round(value, 6)
        for look in audit.case.snapshot.looks
        for name, value in sorted(look.measured)
    }
    seconds = (audit.finished_at - audit.started_at).total_seconds()
    durations: _Object = {name: round(value, 3) for name, value in audit.case.snapshot.durations}
    return {"durations": {"audit": round(seconds, 3), **durations}, "latencies": latencies}


RENDERER = Renderer(name="json", suffixes=(".json",), render=render)
