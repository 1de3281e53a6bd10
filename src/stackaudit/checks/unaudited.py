"""Names what no source of advisories was asked about: what files leave open, and what wheels bundle."""

import re
from collections.abc import Iterator

from stackaudit.checks._audited import not_in_use
from stackaudit.checks._resolved import first_place, resolved
from stackaudit.model.audit import Case
from stackaudit.model.facts.advised import Audited, FreshAudited
from stackaudit.model.facts.environment import Distribution
from stackaudit.model.findings import Finding
from stackaudit.model.fresh_install import open_files
from stackaudit.model.manifest import Manifest
from stackaudit.model.parts import Rule, rule
from stackaudit.model.places import Place

MOST_NAMES = 5
MOST_LIBRARIES = 30
_HASH = re.compile(r"-[0-9a-f]{8,}(?=$|[-.])")
"""What repairing tools put into a library's name."""


# It passes nothing: what is compiled into a module leaves no trace in a RECORD. What hides packages is told by VU101.
@rule(
    "VU103",
    "What wheels bundle is told as not audited",
    severity="low",
    reads=[],
    about=lambda _: [],
    why="a wheel may carry an OpenSSL or an FFmpeg of its own: no advisory about it names the package, and no system update mends it",
    fix="follow the releases of the package, or install a build that uses the system's libraries",
    source="https://peps.python.org/pep-0513/#security-implications",
    told_only=True,
)
def bundles_told(rule: Rule, case: Case) -> Iterator[Finding]:
    """By the RECORD: libraries that a repairing tool put beside the package, and programs of FFmpeg."""
    for each in case.facts(Distribution):
        if each.bundled:
            names = sorted({_library(file) for file in each.bundled})
            more = f" and {len(names) - MOST_LIBRARIES} more" if len(names) > MOST_LIBRARIES else ""
            told = f"{', '.join(names[:MOST_LIBRARIES])}{more}"
            message = f"{each.name} {each.version} bundles {told}: no advisory service was asked about what is inside"
            yield rule.uncheckable(each.subject, message, where=case.place_of(each.name, each.version), fix=rule.fix)


def _library(file: str) -> str:
    """`libssl` of `libssl-1b2c3d4e.so.3`; a program keeps its whole name, which often tells the version."""
    name = file.partition(".so")[0] if ".so" in file else file.removesuffix(".dylib").removesuffix(".dll")
    return _HASH.sub("", name) if name != file else file


def _why_nothing_left(manifest: Manifest) -> str | None:
    """Why no part of a file that was left out could matter."""
    if manifest.interpreter is not None:
        return "the environment itself is audited"
    return None if manifest.terms.left_out else "no file holds extras or groups that are not in use"


# It passes nothing: what is in use passes by VU101.
@rule(
    "VU106",
    "What files hold for parts not in use is told as not audited",
    severity="low",
    reads=[],
    about=lambda _: [],
    why="an extra or a group that somebody installs all the same brings packages that nobody looked at",
    fix="name the extras and groups that are in use with the settings `extras` and `groups`",
    source="https://packaging.python.org/en/latest/specifications/dependency-groups/",
    asked_by=_why_nothing_left,
    told_only=True,
)
def left_out_told(rule: Rule, case: Case) -> Iterator[Finding]:
    """One for each file: how many packages it has for the extras and groups that the settings do not name."""
    for each, message in zip(case.manifest.terms.left_out, not_in_use(case), strict=True):
        yield rule.uncheckable(each.path, message, where=Place(path=each.path), fix=rule.fix)


def _why_whole(manifest: Manifest) -> str | None:
    """Why all that an install gives is known: an environment holds it, a lock lists it."""
    if manifest.interpreter is not None:
        return "the environment itself is audited"
    return None if open_files(manifest) else "the files list all that an install gives"


# It passes nothing: what was audited passes by VU101 and VU105.
@rule(
    "VU104",
    "What files pull in without naming it is told as not audited",
    severity="low",
    reads=[],
    about=lambda _: [],
    why="an install brings along what the named packages require, and that may be the package with the hole",
    fix="audit the environment that it is installed in (--python PATH), or a lock file",
    source="https://pip.pypa.io/en/stable/topics/repeatable-installs/",
    asked_by=_why_whole,
    told_only=True,
)
def closure_told(rule: Rule, case: Case) -> Iterator[Finding]:
    """That nobody can tell from such a file; where an older record holds what a fresh install gives, by that.

    Nothing where somebody looked at what a fresh install brings, which VU105 tells; nor where nothing was audited at all: VU101 says that.
    """
    fresh, audited = resolved(case), {each.name for each in case.facts(Audited)}
    if not audited or case.snapshot.looked_for(FreshAudited.__name__):
        return
    if fresh is None:
        for path in open_files(case.manifest):
            message = (
                f"{path} need not name all that an install gives: what its packages pull in besides was not audited"
            )
            yield rule.uncheckable(path, message, where=first_place(case, path), fix=rule.fix)
        return
    more = [f"{name}=={version}" for name, version in fresh.packages if name not in audited]
    if more:
        names = ", ".join(more[:MOST_NAMES]) + (f" and {len(more) - MOST_NAMES} more" if len(more) > MOST_NAMES else "")
        message = f"{fresh.subject} brings along {len(more)} packages that were not audited: {names}"
        yield rule.uncheckable(fresh.subject, message, where=first_place(case, fresh.files[0]), fix=rule.fix)
