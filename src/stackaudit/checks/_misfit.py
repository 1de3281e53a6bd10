"""One name, and one remedy, for one thing that does not fit, whichever of the rules sees it: a person is told it once."""

from stackaudit.checks._row import Row
from stackaudit.model.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Misfit:
    """Package `holder` at `version` asks for `wanted` of package `name`, of which `found` is there; None where it is missing."""

    holder: str
    version: str
    name: str
    wanted: str
    found: str | None

    @property
    def cause(self) -> str:
        """`kombu 5.7.0 with redis 5.3.1`: equal for every finding of it."""
        return (
            f"{self.holder} {self.version} {f'with {self.name} {self.found}' if self.found else f'without {self.name}'}"
        )

    def remedy(self, here: Row | None) -> str:
        """What to do: by the matrix where it knows the two, else what the holder asks for."""
        if self.found:
            either = f"install `{self.wanted}`, or a release of {self.holder} that admits {self.name} {self.found}"
            return advice(here, self.name, self.holder) or either
        # A holder that does not go with the others anyway is the one to replace: what it lacks, another release may not ask for.
        known = here is not None and here.range_of(self.holder) is not None
        other = advice(here, self.holder) if here is not None and known and not here.fits(self.holder) else None
        return other or advice(here, self.name) or f"install `{self.wanted}`"


def on_python(holder: str, minor: str) -> str:
    """The cause of all findings that `holder` (`kombu 5.7.0`) is not for Python `minor`."""
    return f"{holder} on Python {minor}"


def advice(here: Row | None, *names: str) -> str | None:
    """What to pin so that the bounds hold: the newest fitting version of the first of `names` that has another one, or None."""
    if here is None:
        return None
    for name in names:
        version = here.newest_fitting(name)
        if version is not None and version != here.versions.get(name):
            return f"pin {name}=={version}"
    return None
