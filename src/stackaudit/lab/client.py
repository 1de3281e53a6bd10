"""A client of a bench: a process with the stack's own packages that sends tasks and waits for what comes back."""

from stackaudit.lab.room import Room
from stackaudit.model.deadline import Deadline
from stackaudit.model.values import dataclass
from stackaudit.model.wire import Json
from stackaudit.outside.dialogue import Dialogue, NoAnswer
from stackaudit.outside.service import Service

STARTING = 60.0
"""Seconds that a client may take to import its packages; an idle machine's takes one."""

SENDING = 15.0
"""Seconds that sending may take."""

MARGIN = 5.0
"""Seconds beyond the client's own timeout: past them it hangs, whatever timeout it was given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Returned:
    """What came back of a task: its `value` where `trouble` is None, else what there was instead, as the rest of a sentence.

    `failed` is the name of the error that the task raised, with the worker's `traceback`.
    """

    value: Json = None
    trouble: str | None = None
    failed: str | None = None
    traceback: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A task that was sent: its `id`, or the `trouble` with sending it, as the rest of a sentence."""

    id: str = ""
    trouble: str | None = None


class Client:
    """One client. After it did not answer in time it is of no more use, and says so."""

    def __init__(self, service: Service, deadline: Deadline) -> None:
        self._service = service
        self._dialogue = Dialogue(service)
        self._deadline = deadline

    def is_there(self) -> bool:
        """Whether it has imported what it needs, and answers."""
        return self._ask({"errand": "hello"}, STARTING) == {}

    def send(self, task: str, *arguments: Json, **options: Json) -> Sent:
        """Send `drill.TASK` with these arguments; `options` are those of `apply_async`."""
        question: dict[str, Json] = {"errand": "send", "task": f"drill.{task}", "args": list(arguments)}
        return self._sent(question | {"options": options})

    def send_chord(self, values: list[Json]) -> Sent:
        """Send a chord that doubles each of `values`, and then adds them up."""
        return self._sent({"errand": "chord", "values": values})

    def returned(self, sent: Sent, seconds: float) -> Returned:
        """What came back of a task within so many seconds."""
        if sent.trouble is not None:
            return Returned(trouble=sent.trouble)
        answer = self._ask({"errand": "get", "id": sent.id, "seconds": seconds}, seconds + MARGIN)
        if isinstance(answer, str):
            return Returned(trouble=f"did not return: the client {answer}")
        if answer.get("late"):
            return Returned(trouble=f"did not return within {seconds:g} s")
        if "raised" in answer:
            return Returned(trouble=f"returned nothing: waiting for its result raised {answer['raised']}")
        if "failed" in answer:
            name = str(answer["failed"])
            return Returned(failed=name, traceback=str(answer["traceback"]), trouble=f"failed with {name}")
        return Returned(value=answer["value"])

    def trouble_with_a_task(self, seconds: float) -> str | None:
        """Send a task that gives its value back, and wait; the rest of a sentence on what was wrong, None where it came back."""
        returned = self.returned(self.send("echo", "hello"), seconds)
        if returned.trouble is not None:
            return returned.trouble
        return None if returned.value == "hello" else "returned another value than it was given"

    def control(self, method: str, seconds: float) -> tuple[tuple[str, ...], str | None]:
        """The nodes that answered `ping`, or a method of `inspect`; and the trouble with asking, as the rest of a sentence."""
        answer = self._ask({"errand": "control", "method": method, "seconds": seconds}, 3 * seconds + MARGIN)
        if isinstance(answer, str):
            return (), f"the client {answer}"
        if "raised" in answer:
            return (), f"it raised {answer['raised']}"
        nodes = answer["nodes"]
        return tuple(str(each) for each in nodes) if isinstance(nodes, list) else (), None

    def close(self, room: Room) -> None:
        """End it."""
        self._dialogue.close()
        room.kill(self._service)

    def _sent(self, question: dict[str, Json]) -> Sent:
        answer = self._ask(question, SENDING)
        if isinstance(answer, str):
            return Sent(trouble=f"could not be sent: the client {answer}")
        if "raised" in answer:
            return Sent(trouble=f"could not be sent: that raised {answer['raised']}")
        return Sent(id=str(answer["id"]))

    def _ask(self, question: dict[str, Json], seconds: float) -> dict[str, Json] | str:
        """The answer without its number, or why there is none, as the rest of a sentence about the client."""
        try:
            answer = self._dialogue.ask(question, self._deadline.within(seconds))
        except NoAnswer as silence:
            return "ended" if silence.ended else f"hung for more than {seconds:g} s"
        return {name: value for name, value in answer.items() if name != "ask"}
