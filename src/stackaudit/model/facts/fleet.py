"""Facts: what the workers of a fleet run, told once for all that run the same."""

from stackaudit.model.facts.fact import Fact
from stackaudit.model.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionSet(Fact):
    """What one worker or several run. `id` is the beginning of the digest of all but `nodes`, which are sorted.

    `whole` is True where the worker step told it: then `packages` (normalized name and version, by name) are all distributions that the
    worker started with, and `programs` those on its PATH with their versions (None: not there, `?`: it does not say). Else it is what any
    worker reports: celery, kombu, billiard and the driver of the broker, and the Python.
    `platform` is as in `linux-x86_64`, `system` what the operating system calls itself.
    """

    id: str
    nodes: tuple[str, ...]
    whole: bool
    packages: tuple[tuple[str, str], ...]
    python: str | None = None
    implementation: str | None = None
    platform: str | None = None
    system: str | None = None
    programs: tuple[tuple[str, str | None], ...] = ()

    @property
    def subject(self) -> str:
        """Its id."""
        return self.id

    def version(self, name: str) -> str | None:
        """The version of package `name` (normalized); None where it is not there or not told."""
        return next((version for each, version in self.packages if each == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingSet(Fact):
    """The settings that one worker or several run with, as far as the worker step names them: their values as JSON, by name.

    `id` is the beginning of their digest; `nodes` are sorted.
    """

    id: str
    nodes: tuple[str, ...]
    settings: tuple[tuple[str, str], ...]

    @property
    def subject(self) -> str:
        """Its id."""
        return self.id


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaced(Fact):
    """A package that was installed, removed or replaced under a running worker: the version that it started with, and the one there now."""

    node: str
    name: str
    started_with: str | None
    now: str | None

    @property
    def subject(self) -> str:
        """The node name."""
        return self.node
