"""Chooses what judges: the policy, the checks, and the matrix that fits."""

import re
from collections.abc import Collection, Iterable
from pathlib import Path

from stackaudit import sockets
from stackaudit.gate.rungs import WEAK
from stackaudit.gate.waivers import TERMS
from stackaudit.inputs import fitting, matrices
from stackaudit.inputs.matrix_source import Source
from stackaudit.inputs.setting_keys import CHECKS
from stackaudit.inputs.settings import Settings
from stackaudit.inputs.waivers import is_advisory
from stackaudit.model.audit import Gate, Policy
from stackaudit.model.errors import Fault, InputError, UsageError
from stackaudit.model.facts.environment import Distribution
from stackaudit.model.findings import Severity
from stackaudit.model.manifest import Manifest
from stackaudit.model.matrix import Matrix
from stackaudit.model.parts import Check
from stackaudit.model.snapshot import Snapshot
from stackaudit.model.values import dataclass

_CODE = re.compile(r"[A-Z]{2}\d{3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The checks to run, and the matrices to choose from; `named` where the user named the one.

    `own` are the one that is named, or the project's; `shipped` those that ship besides, not read yet.
    """

    checks: tuple[Check, ...]
    own: tuple[Matrix, ...]
    shipped: tuple[Source, ...] = ()
    named: bool

    def known(self) -> tuple[Matrix, ...]:
        """All of the matrices, by name."""
        return _by_name((*self.own, *map(matrices.load, self.shipped)))

    def able(self, names: Collection[str], broker: str | None) -> tuple[Matrix, ...]:
        """Those that fit `names` and a broker of that scheme best, and some that don't, by name."""
        return _by_name((*self.own, *matrices.read_fitting(names, self.shipped, broker)))

    @property
    def needs_matrix(self) -> bool:
        """Whether the check `matrix` is to run."""
        return any(each.id == "matrix" for each in self.checks)


def policy_of(settings: Settings, folder: Path) -> Policy:
    """The gate's settings, for a call made in `folder`. A command that compares with no earlier record gives `settings` without `gate`.

    Raises:
        UsageError: a rule is named that there is not: it would be let through in vain; or only changes gate, and there is no baseline.
        InputError: a waiver names one.
    """
    strange = [each for each in settings.waivers if each.rule is not None and not _is_rule(each.rule)]
    if strange:
        raise InputError(
            [
                Fault(where=each.where, message=f"there is no rule {each.rule}", hint=nearest_rule(str(each.rule)))
                for each in strange
            ]
        )
    for name in ("ignore", "allow-unknown"):
        for value in settings.texts(name):
            if _CODE.fullmatch(value) and not _is_rule(value):
                raise UsageError(f"{settings.get(name).where}: there is no rule {value}", hint=nearest_rule(value))
    for value in settings.texts("ignore"):
        if not is_advisory(value) and not _is_rule(value.upper()):
            where = settings.get("ignore").where
            raise UsageError(f"{where}: {value} is no rule's code and no advisory's id", hint=nearest_rule(value))
    gate = Gate(settings.text("gate") or Gate.ALL)
    if gate is Gate.CHANGE and settings.text("baseline") is None:
        raise UsageError(
            f"{settings.get('gate').where}: `gate` is change, and there is no baseline to tell a change by",
            hint="name an earlier record with --baseline RECORD",
        )
    return Policy(
        fail_on=Severity(settings.text("fail-on") or Severity.MEDIUM),
        ignore=frozenset(settings.texts("ignore")),
        allow_unknown=frozenset(settings.texts("allow-unknown")),
        require=frozenset(settings.texts("require")),
        waivers=settings.waivers,
        folder=folder.absolute().as_posix(),
        gate=gate,
    )


def _is_rule(code: str) -> bool:
    return code in {each.code for each in sockets.rules()} or code in {each.code for each in (*TERMS, WEAK)}


def nearest_rule(code: str) -> str | None:
    """The rule whose code is nearest to `code`, as a question; None where none is near."""
    import difflib

    near = difflib.get_close_matches(code, [each.code for each in sockets.rules()], n=1, cutoff=0.3)
    return f"did you mean {near[0]}?" if near else None


def chosen_checks(settings: Settings) -> tuple[Check, ...]:
    """The checks to run: those of `only`, or all, without those of `skip`.

    Raises:
        UsageError: none is left.
    """
    only, skip = settings.texts("only"), settings.texts("skip")
    chosen = tuple(sockets.check(each) for each in CHECKS if (not only or each in only) and each not in skip)
    if not chosen:
        raise UsageError("no check is left to run", hint="take one out of --skip, or put one into --only")
    return chosen


def choose(settings: Settings, folder: Path, checks: tuple[Check, ...] = ()) -> Choice:
    """The checks to run, and the matrices to choose from: the one that the settings name, else the project's own and all that ship.

    `checks` are those of a command that has its own; without them they are those that the settings leave.

    Raises:
        UsageError: no check is left.
        InputError: the matrix is wrong.
    """
    setting, chosen = settings.get("matrix"), checks or chosen_checks(settings)
    if isinstance(setting.value, str):
        base = settings.base_of("matrix", folder)
        named = matrices.read(setting.value, base, setting.where, settings.root)
        return Choice(checks=chosen, own=(named,), named=True)
    own = tuple(map(matrices.load, matrices.local(settings.root)))
    taken = {each.name for each in own}
    shipped = tuple(each for each in matrices.shipped() if each.name not in taken)
    return Choice(checks=chosen, own=own, shipped=shipped, named=False)


def _by_name(found: Iterable[Matrix]) -> tuple[Matrix, ...]:
    return tuple(sorted(found, key=lambda each: each.name))


def fitting_matrix(choice: Choice, manifest: Manifest, snapshot: Snapshot | None) -> Matrix | None:
    """The most specific matrix that fits what is declared and seen; a named one fits always.

    None where the environment could not be read and nothing else tells, or where several or none fit and nobody asks.

    Raises:
        UsageError: none fits, or several do, and the check `matrix` is to run.
    """
    if choice.named:
        return choice.own[0]
    names = set(fitting.names_of(manifest.requirements))
    if snapshot is not None:
        names |= {each.name for each in snapshot.facts(Distribution)}
    broker = manifest.endpoint("broker")
    scheme = broker.scheme if broker is not None else None
    found = fitting.fitting(choice.able(names, scheme), names, scheme)
    if len(found) == 1:
        return found[0]
    unread = manifest.interpreter is not None and not (snapshot and snapshot.facts(Distribution))
    if unread or not choice.needs_matrix:
        return None
    if manifest.interpreter is None and not manifest.requirements:
        raise UsageError(
            f"{', '.join(manifest.sources)}: no package is named that could be audited",
            hint="name the lock file, the pyproject.toml, or a file with the pins",
        )
    if found:
        listed = ", ".join(each.name for each in found)
        raise UsageError(
            f"several matrices fit this stack equally well: {listed}", hint="choose one with --matrix NAME"
        )
    lacks = [f"{each.name} is for stacks with {' and '.join(fitting.lacking(each, names))}" for each in choice.known()]
    raise UsageError(
        f"no matrix fits these packages: {'; '.join(lacks)}",
        hint="name one with --matrix, or leave it out with --skip matrix",
    )
