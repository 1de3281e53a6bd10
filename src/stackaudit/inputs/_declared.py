"""What one or more files declare, with everything that is wrong in them."""

from collections.abc import Iterable, Sequence
from itertools import chain

from stackaudit.model.errors import Fault
from stackaudit.model.manifest import PythonClaim, Requirement, Terms
from stackaudit.model.places import Place
from stackaudit.model.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What was read, in the order of the files.

    `sources` are the files, nested ones too, relative to the working directory where they lie below it. `unnamed` are the lines that ask
    for a package without naming it (a bare URL): right for an installer, and nothing that can be audited.
    """

    requirements: tuple[Requirement, ...] = ()
    pythons: tuple[PythonClaim, ...] = ()
    faults: tuple[Fault, ...] = ()
    sources: tuple[str, ...] = ()
    unnamed: tuple[Place, ...] = ()
    terms: Terms = Terms()


def merged(parts: Iterable[Declared]) -> Declared:
    """All of `parts` in their order; what two of them read at the same place is kept once."""
    every = tuple(parts)
    if len(every) == 1:
        return every[0]
    return Declared(
        # A specifier set is not hashable in every release of packaging in the same way; its text is.
        requirements=tuple(
            {
                (
                    each.name,
                    str(each.specifier),
                    each.where,
                    each.marker,
                    each.extras,
                    str(each.pin),
                    each.source,
                ): each
                for each in chain.from_iterable(part.requirements for part in every)
            }.values()
        ),
        pythons=tuple(
            {(each.text, each.where): each for each in chain.from_iterable(part.pythons for part in every)}.values()
        ),
        faults=tuple(dict.fromkeys(chain.from_iterable(part.faults for part in every))),
        sources=tuple(dict.fromkeys(chain.from_iterable(part.sources for part in every))),
        unnamed=tuple(dict.fromkeys(chain.from_iterable(part.unnamed for part in every))),
        terms=_all_terms([part.terms for part in every]),
    )


def _all_terms(every: Sequence[Terms]) -> Terms:
    return Terms(
        constraints=tuple(chain.from_iterable(each.constraints for each in every)),
        closed=tuple(dict.fromkeys(chain.from_iterable(each.closed for each in every))),
        indexes=tuple(dict.fromkeys(chain.from_iterable(each.indexes for each in every))),
        prereleases=any(each.prereleases for each in every),
        left_out=tuple(dict.fromkeys(chain.from_iterable(each.left_out for each in every))),
    )
