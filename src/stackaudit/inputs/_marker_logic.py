"""Markers as logic: the opposite of one, and one with what is known about extras and groups filled in."""

import ast
import re
from collections.abc import Collection

from packaging.markers import InvalidMarker, Marker
from packaging.utils import canonicalize_name

_TOKENS = re.compile(r"""(?P<quoted>"[^"]*"|'[^']*')|(?P<operator>~=|===)""")
# `~=` and `===` are no Python; these two bind as tightly, and mean nothing else in a marker.
_STAND_INS = {"~=": "<<", "===": ">>"}
_OPERATORS: dict[type[ast.AST], str] = {
    ast.LShift: "~=",
    ast.RShift: "===",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.In: "in",
    ast.NotIn: "not in",
}
_OPPOSITES = {"==": "!=", "<": ">=", "<=": ">", "in": "not in"}
_OPPOSITES |= {right: left for left, right in _OPPOSITES.items()}


def _tree(marker: str) -> ast.expr | None:
    try:
        usual = str(Marker(marker))
    except (InvalidMarker, RecursionError):
        return None
    python = _TOKENS.sub(lambda found: found["quoted"] or _STAND_INS[found["operator"]], usual)
    try:
        return ast.parse(python, mode="eval").body
    except (SyntaxError, ValueError, RecursionError):
        return None


def _compared(node: ast.expr) -> tuple[ast.expr, str, ast.expr] | None:
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return node.left, _OPERATORS[type(node.ops[0])], node.comparators[0]
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return node.left, _OPERATORS[type(node.op)], node.right
    return None


def _word(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        value = str(node.value)
        return f"'{value}'" if '"' in value else f'"{value}"'
    return ast.unparse(node)


def _negated(node: ast.expr) -> str | None:
    if isinstance(node, ast.BoolOp):
        parts = [_negated(each) for each in node.values]
        joint = " or " if isinstance(node.op, ast.And) else " and "
        known = [f"({each})" for each in parts if each is not None]
        return joint.join(known) if len(known) == len(parts) else None
    compared = _compared(node)
    if compared is None or compared[1] not in _OPPOSITES:
        return None
    left, operator, right = compared
    return f"{_word(left)} {_OPPOSITES[operator]} {_word(right)}"


def negated(marker: str) -> str | None:
    """The marker that holds where `marker` does not; None where that can't be written (`~=` and `===` have no opposite)."""
    tree = _tree(marker)
    text = None if tree is None else _negated(tree)
    return None if text is None else str(Marker(text))


def _filled(node: ast.expr, known: dict[str, Collection[str]]) -> str | bool:
    if isinstance(node, ast.BoolOp):
        every = isinstance(node.op, ast.And)
        parts = [_filled(each, known) for each in node.values]
        if (not every) in parts:
            return not every
        left = [f"({each})" for each in parts if not isinstance(each, bool)]
        return (" and " if every else " or ").join(left) if left else every
    compared = _compared(node)
    if compared is None:
        return True
    member, operator, collection = compared
    if operator in {"==", "!="} and "extra" in known:
        for variable, value in ((member, collection), (collection, member)):
            if isinstance(variable, ast.Name) and variable.id == "extra" and isinstance(value, ast.Constant):
                return (canonicalize_name(str(value.value)) in known["extra"]) == (operator == "==")
    if isinstance(collection, ast.Name) and collection.id in known and isinstance(member, ast.Constant):
        return (str(member.value) in known[collection.id]) == (operator == "in")
    return f"{_word(member)} {operator} {_word(collection)}"


def filled_in(marker: str, extras: Collection[str], groups: Collection[str]) -> str | bool:
    """`marker` with PEP 751's `extras` and `dependency_groups` decided; True or False where nothing else is left.

    A marker that can't be read is returned as it is.
    """
    tree = _tree(marker)
    if tree is None:
        return marker
    result = _filled(tree, {"extras": extras, "dependency_groups": groups})
    return result if isinstance(result, bool) else str(Marker(result))


def with_extra(marker: str, extra: str | None) -> str | bool:
    """`marker` of a release's metadata with `extra` decided: this one (normalized), or none; True or False where nothing else is left.

    A marker that can't be read is returned as it is.
    """
    tree = _tree(marker)
    if tree is None:
        return marker
    result = _filled(tree, {"extra": () if extra is None else (extra,)})
    return result if isinstance(result, bool) else str(Marker(result))
