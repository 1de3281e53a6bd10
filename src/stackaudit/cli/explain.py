"""`stackaudit explain RULE`: what a rule means, why it matters, how to fix it, and its source."""

import difflib
from typing import TYPE_CHECKING, Annotated

import typer

from stackaudit.cli.exits import interruptible
from stackaudit.cli.output import write
from stackaudit.model.errors import UsageError

if TYPE_CHECKING:
    from stackaudit.model.parts import Rule
    from stackaudit.model.rule_text import RuleText

HELP = "Explain a rule: what it means, why it matters, how to fix it. Without a rule, list them all."


@interruptible
def explain(
    code: Annotated[str | None, typer.Argument(metavar="RULE", help="The rule's code, such as MX101.")] = None,
) -> None:
    """Print one rule, or the list of all."""
    from stackaudit import sockets
    from stackaudit.checks._lints import LINTS
    from stackaudit.gate.rungs import WEAK
    from stackaudit.gate.waivers import TERMS
    from stackaudit.model.parts import Rule

    every: list[Rule | RuleText] = [*sockets.rules(), *LINTS, *TERMS, WEAK]
    rules = sorted(every, key=lambda each: each.code)
    if code is None:
        write("".join(f"{each.code}  {each.severity:<8}  {each.title}\n" for each in rules))
        return
    found = next((each for each in rules if each.code == code.upper()), None)
    if found is None:
        near = difflib.get_close_matches(code.upper(), [each.code for each in rules], n=1, cutoff=0.3)
        hint = f"did you mean {near[0]}?" if near else None
        raise UsageError(f"there is no rule {code}", hint=hint or "`stackaudit explain` lists them all")
    lines = [
        f"{found.code}: {found.title}",
        "",
        f"  check:     {_asked_by(found)}",
        f"  severity:  {found.severity}",
        f"  why:       {found.why}",
        f"  fix:       {found.fix}",
    ]
    if isinstance(found, Rule) and found.permission:
        lines += [f"  asks for:  {found.permission}"]
    lines += [f"  source:    {found.source}"] if found.source else []
    if isinstance(found, Rule) and found.told_only:
        lines += ["  it only tells what nobody can check from here: it fails nothing, and there is nothing to let pass"]
    elif isinstance(found, Rule) and any(found.code.startswith(each.code) for each in sockets.checks()):
        lines += [f"  let it pass for one run:  stackaudit check --ignore {found.code}"]
    write("\n".join(lines) + "\n")


def _asked_by(rule: "Rule | RuleText") -> str:
    from stackaudit import sockets
    from stackaudit.checks._document_check import CHECK as DOCUMENT
    from stackaudit.gate.rungs import WEAK
    from stackaudit.gate.waivers import TERMS
    from stackaudit.model.parts import Rule

    if rule == WEAK:
        return "matrix, where the policy requires a rung"
    if rule in TERMS:
        return "waivers, where the configuration has any"
    if not isinstance(rule, Rule):
        return "none: `stackaudit matrix lint` asks it of a matrix itself"
    asking = (each.id for each in sockets.checks() if rule.code.startswith(each.code))
    if rule.code.startswith(DOCUMENT.code):
        return f"{DOCUMENT.id}: `stackaudit verify` asks it of a document"
    return next(asking, "none: `stackaudit matrix certify` and `stackaudit drill` ask it of throwaway copies")
