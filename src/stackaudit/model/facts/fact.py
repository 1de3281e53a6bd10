"""What all facts have in common."""


class Fact:
    """The base of all facts. `subject` is how findings name it."""

    __slots__ = ()

    @property
    def subject(self) -> str:
        """How findings name this fact."""
        raise NotImplementedError
