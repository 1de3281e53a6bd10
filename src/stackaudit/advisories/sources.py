"""Where advisories may come from, as the settings say it; pure."""

from enum import StrEnum

from stackaudit.model.addresses import is_loopback
from stackaudit.model.manifest import Manifest
from stackaudit.model.secret import Secret
from stackaudit.model.values import dataclass

OSV_ADDRESS = "https://api.osv.dev"


class Kind(StrEnum):
    """Who answers."""

    OSV = "osv"
    PYPI = "pypi"
    LOCAL = "local"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One source of advisories. `address` is the base URL of an OSV service or the path of a local copy; `name` is how it is told.

    `mirror` marks the local copy that this tool keeps itself: where that lies, and the digest `sha256` that its records must have, is
    looked up when it is asked.
    """

    kind: Kind
    name: str
    address: Secret
    mirror: bool = False
    sha256: str | None = None


def chosen(manifest: Manifest) -> tuple[Source, ...]:
    """The sources that setting `advisories` allows, in the order in which they are asked.

    The setting `mirror` says whether there is a local mirror: where `offline` forbids all others, that is the one, else there is none.
    """
    setting = manifest.text("advisories") or "auto"
    sources = _SOURCES.get(setting) or (_named(setting),)
    mirror = (_MIRROR,) if manifest.flag("mirror") else ()
    if not manifest.flag("offline"):
        return tuple(each for each in sources if not each.mirror or mirror)
    return tuple(each for each in sources if _is_near(each) and not each.mirror) or mirror


def _named(setting: str) -> Source:
    address = Secret(setting)
    if setting.lower().startswith(("http://", "https://")):
        return Source(kind=Kind.OSV, name=f"the OSV service {address}", address=address)
    return Source(kind=Kind.LOCAL, name=f"the local copy {address}", address=address)


def _is_near(source: Source) -> bool:
    """Whether asking `source` needs no network."""
    return source.kind is Kind.LOCAL or (source.kind is Kind.OSV and is_loopback(source.address.reveal()))


_OSV = Source(kind=Kind.OSV, name="OSV", address=Secret(OSV_ADDRESS))
_PYPI = Source(kind=Kind.PYPI, name="PyPI", address=Secret(""))
_MIRROR = Source(kind=Kind.LOCAL, name="the local mirror", address=Secret(""), mirror=True)
_SOURCES = {"auto": (_OSV, _PYPI, _MIRROR), "osv": (_OSV,), "pypi": (_PYPI,)}
