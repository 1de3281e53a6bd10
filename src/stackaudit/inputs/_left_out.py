"""What a file holds for extras and dependency groups that are not in use."""

from collections.abc import Iterable

from packaging.utils import canonicalize_name

from stackaudit.model.manifest import LeftOut, Terms


def terms_of(path: str, *, extras: Iterable[str], groups: Iterable[str], packages: int) -> Terms:
    """The terms of the file at `path`, which has that many `packages` for these `extras` and `groups` alone; nothing is told of none."""
    if packages <= 0:
        return Terms()
    parts = (*_named("extra", extras), *_named("group", groups))
    return Terms(left_out=(LeftOut(path=path, parts=parts, packages=packages),))


def unused(there: Iterable[str], used: Iterable[str]) -> list[str]:
    """Those of the names `there`, normalized, that are not `used`."""
    names = {canonicalize_name(each) for each in used}
    return [each for each in map(canonicalize_name, there) if each not in names]


def _named(kind: str, names: Iterable[str]) -> list[str]:
    return [f"{kind} {each}" for each in sorted(set(names))]
