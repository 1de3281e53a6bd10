"""Says why nobody answers on a broker, by what lies in it: who takes tasks there, and mailboxes of other names."""

from stackaudit.model.facts.workers import Broadcast
from stackaudit.model.values import dataclass

_BINDING = "_kombu.binding."


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """What was seen of those who do not answer, as the end of a sentence, and what to do; None for the rule's own."""

    message: str
    fix: str | None = None


def silence(asked: Broadcast, known: int) -> Silence:
    """Why nobody answered `asked`; `known` are the names in its own mailboxes."""
    if asked.subscribers:
        return Silence(message=f"no worker answered, though {asked.subscribers} heard the question")
    if asked.mailboxes:
        named = ", ".join(asked.mailboxes)
        settings = " and ".join(dict.fromkeys(_setting(each) for each in asked.mailboxes))
        return Silence(
            message=f"no worker answered; workers there have mailboxes of another name: {named}",
            fix=f"set {settings} in the configuration of this audit",
        )
    if asked.consumers:
        who = "1 client takes" if asked.consumers == 1 else f"{asked.consumers} clients take"
        if known:
            return Silence(
                message=f"no worker answered; {who} tasks there, and the {known} that the broker has names of listen elsewhere",
                fix="set fanout-prefix = false in the configuration of this audit, where the workers have fanout_prefix off",
            )
        return Silence(
            message=f"no worker answered, and {who} tasks there without listening to remote control",
            fix="set worker_enable_remote_control = True in the workers",
        )
    if known:
        return Silence(
            message=f"no worker answered; the broker still has the names of {known}, and none of them listens"
        )
    return Silence(message=f"no worker answered{_elsewhere(asked)}")


def _setting(mailbox: str) -> str:
    """What to write to have the workers of `mailbox` asked: `p:_kombu.binding.celery.pidbox` has a prefix."""
    prefix, _, rest = mailbox.partition(_BINDING)
    exchange = rest.removesuffix(".pidbox")
    own = [f'global-keyprefix = "{prefix}"'] if prefix else []
    return " and ".join([*own, *([f'control-exchange = "{exchange}"'] if exchange != "celery" else [])])


def _elsewhere(asked: Broadcast) -> str:
    if not asked.elsewhere:
        return ""
    numbers = ", ".join(str(each) for each in asked.elsewhere)
    return f"; workers are known in database {numbers} of the same server"
