"""Turns Poetry's own version constraints (`^5.3`, `~1.2`, `1.*`, `>=1 <2`) into PEP 440 specifiers."""

import re

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.version import Version

from stackaudit.model.manifest import PythonClaim
from stackaudit.model.places import Place

_CLAUSE = re.compile(r"(?P<operator>\^|~=|~|===?|!=|<=?|>=?|=)?\s*(?P<version>[^\s,|^~<>=!]+)")


def specifier_of(constraint: str) -> SpecifierSet | None:
    """The specifier that means what `constraint` means.

    Alternatives (`^2.7 || ^3.6`) have no PEP 440 form: the empty specifier stands for them.
    None where the text is no constraint.
    """
    alternatives = [_every(part) for part in re.split(r"\|\|?", constraint)]
    if any(each is None for each in alternatives):
        return None
    return alternatives[0] if len(alternatives) == 1 else SpecifierSet()


def _every(text: str) -> SpecifierSet | None:
    left = _CLAUSE.sub("", text).replace(",", "").strip()
    clauses = list(_CLAUSE.finditer(text))
    if left or not clauses:
        return None
    parts: list[str] = []
    for clause in clauses:
        part = _clause(clause["operator"] or "", clause["version"])
        if part is None:
            return None
        parts.append(part)
    try:
        return SpecifierSet(",".join(each for each in parts if each))
    except InvalidSpecifier:
        return None


def _clause(operator: str, version: str) -> str | None:
    if version == "*":
        return ""
    if version.endswith((".*", ".x")):
        return f"{'!=' if operator == '!=' else '=='}{version[:-2]}.*"
    if operator in {"^", "~"}:
        return _range(operator, version)
    return f"{'==' if operator in {'', '='} else operator}{version}"


def _range(operator: str, text: str) -> str | None:
    try:
        version = Version(text)
    except ValueError:
        return None
    release = version.release
    # The caret lets all change but the leftmost part that is not zero; of zeros alone, all but the last written.
    leftmost = next((index + 1 for index, part in enumerate(release) if part), len(release))
    kept = leftmost if operator == "^" else min(len(release), 2)
    upper = [*release[: kept - 1], release[kept - 1] + 1]
    epoch = f"{version.epoch}!" if version.epoch else ""
    return f">={text},<{epoch}{'.'.join(map(str, upper))}"


def python_claim(constraint: str, where: Place) -> PythonClaim | None:
    """The claim about the Python that a Poetry constraint makes; None where it makes none that can be held against a version."""
    specifier = specifier_of(constraint)
    if specifier is None or not len(specifier):
        return None
    return PythonClaim(specifier=specifier, text=f"python {constraint}", where=where)
