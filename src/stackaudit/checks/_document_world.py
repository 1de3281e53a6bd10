"""The facts that a document's claims are held against, found by name: a document may name a thousand packages."""

from collections.abc import Mapping
from dataclasses import field

from packaging.version import Version

from stackaudit.checks._document_stand_in import history_in, published_in
from stackaudit.model.audit import Case
from stackaudit.model.claims import Claim, ClaimKind
from stackaudit.model.facts.advised import Audited
from stackaudit.model.facts.environment import Distribution
from stackaudit.model.facts.fact import Fact
from stackaudit.model.facts.published import History, Published, Upload
from stackaudit.model.markers import environment_of
from stackaudit.model.values import dataclass
from stackaudit.model.versions import parse_version


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """One case, with what was seen of each project and of each release."""

    case: Case
    _histories: Mapping[str, History] = field(init=False, repr=False)
    _uploads: Mapping[tuple[str, Version | None], Upload] = field(init=False, repr=False)
    _published: Mapping[tuple[str, Version | None], Published] = field(init=False, repr=False)
    _audited: Mapping[tuple[str, Version | None], Audited] = field(init=False, repr=False)
    _installed: Mapping[str, tuple[str, ...]] = field(init=False, repr=False)
    _claims: Mapping[ClaimKind, tuple[Claim, ...]] = field(init=False, repr=False)
    environment: Mapping[str, str] = field(init=False, repr=False)
    """The markers of the Python that the document is about, with no extra."""
    pins: tuple[Claim, ...] = field(init=False, repr=False)
    """The packages that the document pins, each at the version that it names first."""

    def __post_init__(self) -> None:
        histories = {each.name: each for each in self.case.facts(History)}
        uploads = {
            (name, parse_version(each.version)): each for name, known in histories.items() for each in known.uploads
        }
        published = {(each.name, parse_version(each.version)): each for each in self.case.facts(Published)}
        audited = {(each.name, parse_version(each.version)): each for each in self.case.facts(Audited)}
        installed: dict[str, tuple[str, ...]] = {}
        for each in self.case.facts(Distribution):
            installed[each.name] = (*installed.get(each.name, ()), each.version)
        claims: dict[ClaimKind, list[Claim]] = {}
        first: dict[str, Claim] = {}
        for claim in self.case.manifest.claims:
            claims.setdefault(claim.kind, []).append(claim)
            if claim.kind is ClaimKind.PIN:
                first.setdefault(claim.name, claim)
        object.__setattr__(self, "_histories", histories)
        object.__setattr__(self, "_uploads", uploads)
        object.__setattr__(self, "_published", published)
        object.__setattr__(self, "_audited", audited)
        object.__setattr__(self, "_installed", installed)
        object.__setattr__(self, "_claims", {kind: tuple(found) for kind, found in claims.items()})
        environment = {"extra": "", **environment_of(self.case.manifest, self.case.interpreter)}
        object.__setattr__(self, "environment", environment)
        object.__setattr__(self, "pins", tuple(first.values()))

    def history(self, name: str) -> History | None:
        """What the index has of project `name`; None where it was not seen."""
        return self._histories.get(name)

    def listed(self, name: str) -> History | None:
        """What is known of the releases of project `name`: all that the index has, else those that the matrix lists; None where neither."""
        return self.history(name) or history_in(self.case.matrix, name)

    def upload(self, name: str, version: str) -> Upload | None:
        """The release as the index lists it; None where that does not. Where it was not seen, as the matrix lists it."""
        parsed = parse_version(version)
        if parsed is None or name in self._histories:
            return self._uploads.get((name, parsed))
        kept = self.listed(name)
        return next((each for each in kept.uploads if parse_version(each.version) == parsed), None) if kept else None

    def published(self, name: str, version: str) -> Published | None:
        """The metadata of a release; None where they were not seen, and are not in the matrix either."""
        parsed = parse_version(version)
        if parsed is None:
            return None
        found = self._published.get((name, parsed))
        # A release that the index was seen not to have is none, whatever the matrix says.
        if found is not None or (name in self._histories and (name, parsed) not in self._uploads):
            return found
        return published_in(self.case.matrix, name, parsed)

    def by_matrix(self, name: str, version: str, kind: type[Fact]) -> bool:
        """Whether what is known of a release is the matrix's copy of what the index published, for facts of `kind`."""
        if kind is Published:
            seen = (name, parse_version(version)) in self._published
            return not seen and self.published(name, version) is not None
        return kind is History and name not in self._histories and self.upload(name, version) is not None

    def audited(self, name: str, version: str) -> Audited | None:
        """What the advisories say of a release; None where they were not asked about it."""
        parsed = parse_version(version)
        return None if parsed is None else self._audited.get((name, parsed))

    def installed(self, name: str) -> tuple[str, ...]:
        """The versions of package `name` in the environment."""
        return self._installed.get(name, ())

    def claims(self, *kinds: ClaimKind) -> tuple[Claim, ...]:
        """The document's claims of `kinds`, kind by kind."""
        return tuple(claim for kind in kinds for claim in self._claims.get(kind, ()))

    def pinned(self, name: str) -> tuple[str, ...]:
        """The versions of package `name` that the document names, in the order of its lines."""
        return tuple(each.version for each in self.claims(ClaimKind.PIN) if each.name == name)
