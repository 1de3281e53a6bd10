"""Keeps the proofs of a matrix: puts new ones to those that are there, drops those of versions that are gone, and writes the file."""

import fcntl
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from importlib.resources import files
from pathlib import Path

import tomli_w
from packaging.utils import NormalizedName
from packaging.version import Version

from stackaudit.inputs._matrix_layers import PROOF_SCHEMA
from stackaudit.inputs.matrix_source import Source
from stackaudit.model.errors import UsageError
from stackaudit.model.matrix import Matrix, Proof, Rung
from stackaudit.model.sealed import seal_of
from stackaudit.model.values import dataclass
from stackaudit.outside.files import write_whole

_HEAD = "# Written by `stackaudit matrix certify`: what was proved, of which versions, when and by what.\n\n"
_Row = tuple[tuple[NormalizedName, Version], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """All proofs of a matrix in the order of its file.

    `dropped` are those of Pythons or versions that it no longer lists, `refuted` those that a later run contradicts.
    """

    proofs: tuple[Proof, ...]
    dropped: tuple[Proof, ...] = ()
    refuted: tuple[Proof, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fallen:
    """That a row, `pins` together on `python`, failed what `rung` takes: no older proof of that rung or above it stands."""

    python: str
    pins: frozenset[tuple[NormalizedName, Version]]
    rung: Rung

    def refutes(self, proof: Proof) -> bool:
        """Whether `proof` claims what failed."""
        return (
            proof.python == self.python and proof.rung.rank >= self.rung.rank and self.pins <= frozenset(proof.packages)
        )


def path_for(source: Source) -> Path:
    """The path of the proofs of the matrix at `source`: beside it.

    Raises:
        UsageError: it can't be written there.
    """
    if source.path is None:
        written = files("stackaudit.matrices").joinpath(f"{source.name}.toml")
        raise UsageError(
            f"matrix {source.name} came with stackaudit, and what is installed is not written to",
            hint=f"copy {written} and what lies beside it into the folder `matrices` of your project, or certify it in a checkout",
        )
    path = source.path.with_name(f"{source.path.name.removesuffix('.toml')}.proof.toml")
    if not os.access(path if path.exists() else path.parent, os.W_OK) or not os.access(path.parent, os.W_OK):
        raise UsageError(f"{path} can't be written: permission denied", hint="copy the matrix to where you may write")
    return path


def merged(matrix: Matrix, new: Iterable[Proof], fallen: Sequence[Fallen] = ()) -> Kept:
    """The proofs of `matrix` with the `new` ones.

    Of two proofs of the same row on the same Python and platform the stronger stays, of equals the newer; but none that `fallen` refutes.
    """
    best: dict[tuple[str, _Row, str], Proof] = {}
    refuted = tuple(each for each in matrix.proofs if any(one.refutes(each) for one in fallen))
    for each in (*(each for each in matrix.proofs if each not in refuted), *new):
        key = (each.python, row_of(matrix, each), each.platform)
        other = best.get(key)
        if other is None or (each.rung.rank, each.at) >= (other.rung.rank, other.at):
            best[key] = each
    ordered = [best[key] for key in sorted(best, key=lambda key: (Version(key[0]), *key[1:]))]
    dropped = tuple(each for each in ordered if _is_stale(matrix, each))
    return Kept(
        proofs=tuple(each for each in ordered if each not in dropped),
        dropped=dropped,
        refuted=refuted,
    )


def row_of(matrix: Matrix, proof: Proof) -> _Row:
    """The packages of the stack among those of `proof`, in the order of the matrix."""
    versions = dict(proof.packages)
    return tuple((entry.name, versions[entry.name]) for entry in matrix.packages if entry.name in versions)


def _is_stale(matrix: Matrix, proof: Proof) -> bool:
    if matrix.python(proof.python) is None:
        return True
    for name, version in row_of(matrix, proof):
        entry = matrix.package(name)
        if entry is None or version not in {each for each, _ in entry.listed()}:
            return True
    return False


def text_of(proofs: Sequence[Proof]) -> str:
    """The TOML text of `proofs`: the same proofs in the same order give the same text."""
    tables = [
        {
            "python": each.python,
            "rung": each.rung.value,
            "at": each.at,
            "by": each.by,
            "platform": each.platform,
            "record": each.record,
            "digest": seal_of(each),
            "packages": {str(name): str(version) for name, version in each.packages},
        }
        for each in proofs
    ]
    return _HEAD + tomli_w.dumps({"schema": PROOF_SCHEMA, "proof": tables}, indent=2)


@contextmanager
def alone(path: Path) -> Iterator[None]:
    """While inside, no other run is: the folder of `path` is locked, where its file system can do that."""
    with ExitStack() as stack:
        with suppress(OSError):
            folder = os.open(path.parent, os.O_RDONLY)
            stack.callback(os.close, folder)
            fcntl.flock(folder, fcntl.LOCK_EX)
        yield


def write(path: Path, proofs: Sequence[Proof]) -> None:
    """Write `proofs` to `path`, whole or not at all.

    Raises:
        UsageError: it can't be written; what was there is untouched.
    """
    try:
        write_whole(path, text_of(proofs))
    except OSError as error:
        raise UsageError(f"{path} can't be written: {error.strerror}") from None
