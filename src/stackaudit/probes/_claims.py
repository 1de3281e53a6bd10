"""Makes facts of the module files that several distributions claim."""

from base64 import urlsafe_b64encode
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256
from posixpath import basename, commonpath, dirname
from typing import Any, NamedTuple

from packaging.utils import canonicalize_name

from stackaudit.model.facts.environment import ModuleClash

_SHARING = (
    "__path__ = __import__({0}pkgutil{0}).extend_path(__path__, __name__)",
    "__import__({0}pkg_resources{0}).declare_namespace(__name__)",
    "from pkgutil import extend_path\n__path__ = extend_path(__path__, __name__)",
    "from pkgutil import extend_path\n\n__path__ = extend_path(__path__, __name__)",
)


class Claim(NamedTuple):
    """What one distribution recorded of one file, and whether that is what lies on disk."""

    owner: str
    recorded: str
    on_disk: bool


def recorded(content: bytes) -> str:
    """The hash of `content` as RECORD writes it."""
    return f"sha256={urlsafe_b64encode(sha256(content).digest()).decode().rstrip('=')}"


_EMPTY = recorded(b"")

# What was written over can't be read any more: that it only shared its folder shows by its hash alone.
_SHARED = frozenset(
    recorded((line.format(quote) + end).encode()) for line in _SHARING for quote in "'\"" for end in ("", "\n", "\r\n")
)


def clashes_of(told: Iterable[Mapping[str, Any]]) -> tuple[ModuleClash, ...]:
    """The facts of what clashes, by module and owners, from the JSON that `read_environment` printed.

    Raises:
        KeyError, TypeError, ValueError: the JSON is not what `read_environment` prints.
    """
    disputes: dict[tuple[str, tuple[str, ...]], dict[str, list[Claim]]] = {}
    for each in told:
        path = str(each["path"])
        claims = [claim for claim in _claims(each["claims"]) if not (_opens(path) and claim.recorded in _SHARED)]
        owners = tuple(sorted({claim.owner for claim in claims}))
        if len({owner.partition("==")[0] for owner in owners}) > 1 and not all(claim.on_disk for claim in claims):
            disputes.setdefault((_top(path), owners), {})[path] = claims
    facts = [_clash(owners, files) for (_, owners), files in disputes.items()]
    return tuple(sorted(facts, key=lambda fact: (fact.module, fact.owners)))


def _claims(told: Iterable[Mapping[str, Any]]) -> Sequence[Claim]:
    return [
        Claim(
            owner=f"{canonicalize_name(str(each['name']))}=={each['version']}",
            recorded=str(each["hash"]),
            on_disk=bool(each["on_disk"]),
        )
        for each in told
    ]


def _clash(owners: tuple[str, ...], files: Mapping[str, Sequence[Claim]]) -> ModuleClash:
    lost = [claim for claims in files.values() for claim in claims if not claim.on_disk]
    losers = {claim.owner for claim in lost}
    return ModuleClash(
        module=module_of(files),
        owners=owners,
        intact=tuple(owner for owner in owners if owner not in losers),
        files=len(files),
        hollow=tuple(sorted(losers - {claim.owner for claim in lost if claim.recorded != _EMPTY})),
    )


def module_of(paths: Iterable[str]) -> str:
    """The import name of the innermost module that all of the files at `paths` belong to; they have the same name at their top."""
    paths = list(paths)
    names = [dirname(path) if _opens(path) else f"{dirname(path)}/{_stem(path)}".lstrip("/") for path in paths]
    return commonpath(names).replace("/", ".") or _top(paths[0])


def _opens(path: str) -> bool:
    return basename(path) == "__init__.py"


def _stem(path: str) -> str:
    return basename(path).partition(".")[0]


def _top(path: str) -> str:
    return path.partition("/")[0].partition(".")[0]
