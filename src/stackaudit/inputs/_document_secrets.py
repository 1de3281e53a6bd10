"""Takes what may be a password out of a document's words: its commands are quoted in records that others read."""

import re

from stackaudit.model.secret import redact

_NAMED = r"[\w-]{0,40}(?:pass|secret|token|key|credential|auth)[\w-]{0,40}"
_VALUE = r"(?:'[^']*'|\"[^\"]*\"|\S+)"
_ASSIGNED = re.compile(rf"((?<![\w?&-])-{{0,2}}(?i:{_NAMED})\s?[=:]\s?){_VALUE}")
_OPTION = re.compile(rf"((?<!\S)--?(?i:{_NAMED})\s+){_VALUE}")
_SHORT = re.compile(rf"((?<!\S)-[apu]\s*){_VALUE}")
_LOGS_IN = re.compile(r"\b(?:redis-cli|valkey-cli|curl|wget|docker\s+login|mysql\w*|mongo\w*)\b")
_HEADER = re.compile(r"(?i)(\b(?:Authorization|Cookie|X-[\w-]{1,40}):\s*)[^'\"]+")


def without_secrets(text: str) -> str:
    """`text` with `***` for the values of options, variables and headers that sound like secrets, and for the users of URLs."""
    shown = _HEADER.sub(r"\1***", _OPTION.sub(r"\1***", _ASSIGNED.sub(r"\1***", text)))
    # Short options mean a password in few programs, and a port or an application in most.
    return redact(_SHORT.sub(r"\1***", shown) if _LOGS_IN.search(shown) else shown)
