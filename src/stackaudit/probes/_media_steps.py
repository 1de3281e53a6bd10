"""The steps that ffmpeg is tried with, written with ffmpeg-python, as the stack's users write theirs."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from stackaudit.model.deadline import Deadline
from stackaudit.model.values import dataclass

CLIP, THUMBNAIL, ROTATED = "clip.mp4", "thumbnail.jpg", "rotated.mp4"
WIDTH, HEIGHT = 320, 240
SHRUNK = 160, 120

PATIENCE = 10.0
"""Seconds that one step may take; on an idle machine each takes a fraction of one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """Where the steps are done, and with what. `folder` is the working folder of every command, so that none names it.

    `patience` is how many seconds one step may take.
    """

    folder: Path
    ffmpeg: str
    ffprobe: str | None
    encoder: str
    deadline: Deadline
    patience: float = PATIENCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One step: what it is called, the file it makes, the pixels that file must have, and its command line."""

    name: str
    file: str
    pixels: tuple[int, int]
    command: Callable[[Bench], list[str]]
    done: str


class Stream(Protocol):
    """What is used of ffmpeg-python, which has no types of its own."""

    def global_args(self, *words: str) -> "Stream":
        """The same with these options added."""

    def compile(self, *, cmd: str, overwrite_output: bool) -> Sequence[str]:
        """The command line."""


def _encode(bench: Bench) -> list[str]:
    import ffmpeg

    source = ffmpeg.input(f"testsrc=size={WIDTH}x{HEIGHT}:rate=10:duration=1", format="lavfi")
    return _compiled(bench, source.output(CLIP, vcodec=bench.encoder, pix_fmt="yuv420p", threads=1))


def _thumbnail(bench: Bench) -> list[str]:
    import ffmpeg

    frame = ffmpeg.input(CLIP, ss=0.5).filter("scale", *SHRUNK)
    return _compiled(bench, frame.output(THUMBNAIL, vcodec="mjpeg", update=1, **{"frames:v": 1}))


def _rotate(bench: Bench) -> list[str]:
    import ffmpeg

    # By filter: newer branches ignore the rotation that older ones wrote into the metadata.
    turned = ffmpeg.input(CLIP).filter("transpose", 1)
    return _compiled(bench, turned.output(ROTATED, vcodec=bench.encoder, pix_fmt="yuv420p", threads=1))


def _compiled(bench: Bench, stream: Stream) -> list[str]:
    """The command line, not run by ffmpeg-python: that would wait for ever."""
    quiet = stream.global_args("-nostdin", "-hide_banner", "-loglevel", "error")
    return [str(word) for word in quiet.compile(cmd=bench.ffmpeg, overwrite_output=True)]


STEPS = (
    Step(name="encode", file=CLIP, pixels=(WIDTH, HEIGHT), command=_encode, done="a 1 s clip was encoded"),
    Step(name="thumbnail", file=THUMBNAIL, pixels=SHRUNK, command=_thumbnail, done="a thumbnail was taken from it"),
    Step(name="rotate", file=ROTATED, pixels=(HEIGHT, WIDTH), command=_rotate, done="it was rotated"),
)
