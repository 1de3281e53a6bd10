"""Does one step with ffmpeg through the ffmpeg-python of a bench."""

import json
import shutil
from collections.abc import Callable, Iterator

from stackaudit.lab.bench import Bench, NotSetUp


def step(name: str) -> Callable[[Bench], Iterator[str]]:
    """The drill that does step `name` of `drill_ffmpeg`, and yields what was wrong with what came of it.

    It raises NotSetUp where there is no ffmpeg to call, or the interpreter did not say.
    """

    def run(bench: Bench) -> Iterator[str]:
        if shutil.which("ffmpeg", path=bench.lab.path) is None:
            raise NotSetUp("there is no ffmpeg on this machine", "install ffmpeg")
        answer = bench.interpret("drill_ffmpeg.py", bench.lab.path, name)
        try:
            problems = json.loads(answer.text)["problems"]
        except (ValueError, KeyError, TypeError):
            raise NotSetUp("the interpreter ended while it called ffmpeg", "run it again") from None
        yield from map(str, problems)

    return run
