"""Facts: which tasks Celery workers and applications know."""

from stackaudit.model.facts.fact import Fact
from stackaudit.model.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownTasks(Fact):
    """The tasks that one worker or several know, or one `application`: by name, sorted, without Celery's own. `nodes` are sorted."""

    nodes: tuple[str, ...]
    application: bool
    names: tuple[str, ...]

    @property
    def subject(self) -> str:
        """The first node, or the application."""
        return self.nodes[0]
