"""When each part of the audited stack was released, and when its support ends: from the audit alone."""

from collections.abc import Iterator
from datetime import date

from stackaudit.model.audit import Audit, Case, Package
from stackaudit.model.facts.programs import Program
from stackaudit.model.facts.published import Release
from stackaudit.model.facts.services import Pulse
from stackaudit.model.markers import environment_of
from stackaudit.model.matrix import Branch
from stackaudit.model.values import dataclass
from stackaudit.model.versions import parse_version, series


@dataclass(frozen=True, slots=True, kw_only=True)
class Life:
    """One part of the stack: `said` tells its dates in words, whether they are known or not.

    `newest` is when the newest release that this Python can take came, for a package; `ended` says that its makers support it no more.
    """

    label: str
    said: str
    released: date | None = None
    newest: date | None = None
    end: date | None = None
    ended: bool = False
    branch: bool = False

    @property
    def dates(self) -> tuple[date, ...]:
        """The known dates, sorted."""
        return tuple(sorted(each for each in (self.released, self.newest, self.end) if each is not None))


def lives(audit: Audit) -> tuple[Life, ...]:
    """The Python, the servers and programs that were seen, then the packages of the stack; nothing where there is no matrix."""
    case = audit.case
    return (*dict.fromkeys(_branches(case)), *(_package(case, each) for each in case.stack_packages()))


def _branches(case: Case) -> Iterator[Life]:
    if case.matrix is None:
        return
    minor = _minor(case)
    if minor is not None:
        label = f"Python {minor}" if case.interpreter is not None else f"Python {minor}, asked for"
        yield _branch(label, case.matrix.python(minor), case.today)
    for pulse in case.facts(Pulse):
        version = parse_version(pulse.version or "")
        if pulse.product is not None and version is not None:
            yield _product(case, pulse.product, series(version))
    for program in case.facts(Program):
        if program.branch is not None:
            yield _product(case, program.name, program.branch)


def _minor(case: Case) -> str | None:
    """The Python that was seen, or with files alone the one that the audit was told to take; never that of the auditor."""
    asked = case.manifest.interpreter is None and case.manifest.text("python_version") is not None
    known = case.interpreter is not None or asked
    return environment_of(case.manifest, case.interpreter)["python_version"] if known else None


def _product(case: Case, name: str, branch: str) -> Life:
    product = case.matrix.product(name) if case.matrix is not None else None
    return _branch(f"{name} {branch}", product.branch(branch) if product is not None else None, case.today)


def _branch(label: str, found: Branch | None, today: date) -> Life:
    if found is None:
        return Life(label=label, said="not in the matrix: no dates known", branch=True)
    ended = found.ended(today)
    released = f"released {found.released}" if found.released is not None else "release date not known"
    if found.end_of_life is not None:
        end = f"support {'ended' if ended else 'ends'} {found.end_of_life}"
    else:
        end = "support ended, no date known" if ended else "no end set"
    return Life(
        label=label,
        said=f"{released}; {end}",
        released=found.released,
        end=found.end_of_life,
        ended=ended,
        branch=True,
    )


def _package(case: Case, package: Package) -> Life:
    release = next(
        (each for each in case.facts(Release) if (each.name, each.version) == (package.name, package.version)), None
    )
    released = release.uploaded_at.date() if release is not None and release.uploaded_at is not None else None
    said = f"released {released}" if released is not None else "release date not known"
    if released is None:
        released = _listed(case, package)
        said = f"released {released} (matrix)" if released is not None else said
    newest = newest_at = None
    if release is not None:
        newest = release.newest_for_python
        newest_at = release.newest_for_python_at.date() if release.newest_for_python_at is not None else None
    if newest is None:
        said += "; newest not seen"
    elif newest == package.version:
        said, newest_at = f"{said}; the newest", None
    else:
        said += f"; newest {newest}" + (f" of {newest_at}" if newest_at is not None else "")
    return Life(label=f"{package.name} {package.version}", said=said, released=released, newest=newest_at)


def _listed(case: Case, package: Package) -> date | None:
    entry = case.matrix.package(package.name) if case.matrix is not None else None
    version = parse_version(package.version)
    return dict(entry.listed()).get(version) if entry is not None and version is not None else None
