"""The options that a line of a requirements file may hold, by pip's own rules."""

import shlex
from dataclasses import dataclass, field

_VALUED = {
    "--all-releases": "other",
    "--config-setting": "other",
    "--config-settings": "other",
    "--constraint": "constraint",
    "--editable": "editable",
    "--extra-index-url": "index",
    "--find-links": "index",
    "--hash": "hash",
    "--index-url": "index",
    "--no-binary": "other",
    "--only-binary": "other",
    "--only-final": "other",
    "--pypi-url": "index",
    "--requirement": "requirement",
    "--requirements": "requirement",
    "--trusted-host": "other",
    "--uploaded-prior-to": "other",
    "--use-feature": "other",
    # Older pips took these, and the stacks that run on older Pythons still carry them.
    "--allow-external": "other",
    "--allow-unverified": "other",
    "--global-option": "other",
    "--install-option": "other",
}
_FLAGS = {
    "--allow-all-external",
    "--always-unzip",
    "--no-index",
    "--no-require-hashes",
    "--no-use-wheel",
    "--pre",
    "--prefer-binary",
    "--process-dependency-links",
    "--require-hashes",
    "--use-wheel",
}
_SHORT = {
    "-C": "--config-settings",
    "-c": "--constraint",
    "-e": "--editable",
    "-f": "--find-links",
    "-i": "--index-url",
}
_SHORT |= {"-r": "--requirement", "-Z": "--always-unzip"}


class OptionError(ValueError):
    """An option of a line is wrong; the message says so in one sentence and quotes no value."""


@dataclass(slots=True)
class Options:
    """What the options of one line say; `words` are the arguments that belong to none."""

    requirements: list[str] = field(default_factory=list)
    constraints: list[str] = field(default_factory=list)
    editables: list[str] = field(default_factory=list)
    indexes: list[str] = field(default_factory=list)
    hashed: bool = False
    prereleases: bool = False
    words: list[str] = field(default_factory=list)


def split_line(line: str) -> tuple[str, Options]:
    """The requirement of `line` (empty where it has none) and its options.

    Options begin at the first word with a dash, as pip has it: a marker's quotes must not be touched by a shell's rules.

    Raises:
        OptionError: an option is unknown, ambiguous, or lacks its value.
    """
    if "-" not in line:
        return line, Options()
    words = line.split(" ")
    start = next((index for index, word in enumerate(words) if word.startswith("-")), None)
    if start is None:
        return line, Options()
    try:
        rest = shlex.split(" ".join(words[start:]))
    except ValueError as error:
        raise OptionError("a quote is not closed") from error
    return " ".join(words[:start]), _parsed(rest)


def _parsed(words: list[str]) -> Options:
    options = Options()
    queue = list(words)
    while queue:
        word = queue.pop(0)
        if not word.startswith("-") or word == "-":
            options.words.append(word)
            continue
        if word == "--":
            options.words.extend(queue)
            break
        name, value = _named(word)
        if name in _FLAGS:
            if value is not None:
                raise OptionError(f"`{name}` takes no value")
            options.prereleases |= name == "--pre"
            if name == "--no-index":
                options.indexes.append(name)
            continue
        if value is None:
            if not queue:
                raise OptionError(f"`{name}` lacks its value")
            value = queue.pop(0)
        _keep(options, _VALUED[name], value)
    return options


def _named(word: str) -> tuple[str, str | None]:
    if not word.startswith("--"):
        short, attached = word[:2], word[2:]
        if short not in _SHORT:
            raise OptionError(f"`{short}` is no option of a requirements file")
        return _SHORT[short], attached or None
    given, equals, value = word.partition("=")
    known = [*_VALUED, *_FLAGS]
    if given not in known:
        # pip's own parser takes any beginning that only one option has.
        close = [each for each in known if each.startswith(given)]
        if len(close) != 1:
            raise OptionError(f"`{given}` is no option of a requirements file")
        given = close[0]
    return given, value if equals else None


def _keep(options: Options, kind: str, value: str) -> None:
    match kind:
        case "requirement":
            options.requirements.append(value)
        case "constraint":
            options.constraints.append(value)
        case "editable":
            options.editables.append(value)
        case "hash":
            options.hashed = True
        case "index":
            options.indexes.append(value)
        case _:
            # How packages are built says nothing about which are asked for.
            pass
