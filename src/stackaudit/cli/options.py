"""Commands whose options are taken as they were written: Typer would load a validation library to see that a text is a text."""

from pathlib import Path
from typing import Any

from typer.core import TyperCommand, TyperOption

from stackaudit.cli.output import write

_PLAIN = {str: str, list[str]: str, Path: Path, list[Path]: Path}


class PlainOption(TyperOption):
    """An option whose texts and paths are taken as they are; whatever else it may be declared as, Typer converts."""

    def __init__(self, option: TyperOption) -> None:
        vars(self).update(vars(option))

    def process_value(self, ctx: Any, value: Any) -> Any:  # noqa: ANN401 - Typer's own signature
        """The value of this option, as Typer would give it."""
        make = _PLAIN.get(self.type_descriptor.annotation)
        if self.required or not (value is None or self.count or make is not None):
            return super().process_value(ctx, value)
        if value is None:
            value = () if self.multiple else None
        elif make is not None:
            value = [make(each) for each in value] if self.multiple else make(value)
        return value if self.callback is None else self.callback(ctx, self, value)


class PlainCommand(TyperCommand):
    """A command with such options."""

    def __init__(self, name: str | None, *, params: Any = None, **rest: Any) -> None:  # noqa: ANN401 - Typer's own signature
        super().__init__(
            name, params=[PlainOption(each) if isinstance(each, TyperOption) else each for each in params or ()], **rest
        )

    def get_help_option(self, ctx: Any) -> Any:  # noqa: ANN401 - Typer's own signature
        """Typer's own, which is one of these too, and prints as all else is printed."""
        option = super().get_help_option(ctx)
        if not isinstance(option, TyperOption):
            return option
        plain = PlainOption(option)
        plain.callback = _print_help
        return plain


def _print_help(context: Any, _option: Any, value: bool) -> None:  # noqa: ANN401, FBT001 - Typer's own signature
    if value:
        write(f"{context.get_help()}\n")
        context.exit()
