"""Does one step with ffmpeg through ffmpeg-python, as a task would, and prints as JSON what is wrong with what came of it.

It runs in the sandbox's interpreter (`TARGET drill_ffmpeg.py PATH STEP`, PATH as the variable), so it is Python 3.8 and needs
ffmpeg-python alone. The file that was made counts, never the exit status alone: some branches end with 0 and have written nothing.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from typing import Any, Callable, Dict, List, Optional, Tuple

WIDTH, HEIGHT = 320, 240
LIMIT = 20.0
"""Seconds that one call of ffmpeg may take; an idle machine's takes a fifth of one."""
SHORT = 1.5
"""Seconds after which an ffmpeg that waits for ever is ended."""

QUIET = ("-nostdin", "-hide_banner", "-loglevel", "error")
_SIZE = re.compile(rb"P6\s(\d+)\s(\d+)\s255\s")


class Wrong(Exception):  # noqa: N818 - what was seen
    """What is wrong, in one sentence."""


def call(stream: Any) -> Tuple[int, bytes]:  # noqa: ANN401 - ffmpeg-python has no types
    """Run a stream of ffmpeg-python to its end: the exit status and what it printed."""
    process = stream.global_args(*QUIET).overwrite_output().run_async(pipe_stdout=True, pipe_stderr=True)
    try:
        out, _ = process.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise Wrong("ffmpeg was not done within {:g} s".format(LIMIT)) from None
    return process.returncode, out


def size_of(file: str) -> Optional[Tuple[int, int]]:
    """Width and height of the first frame of `file` as ffmpeg reads it back; None where it can't."""
    import ffmpeg

    if not os.path.isfile(file):  # noqa: PTH113
        return None
    _, out = call(ffmpeg.input(file).output("pipe:", format="image2pipe", vcodec="ppm", **{"frames:v": 1}))
    head = _SIZE.match(out)
    whole = head is not None and len(out) >= head.end() + 3 * int(head.group(1)) * int(head.group(2))
    return (int(head.group(1)), int(head.group(2))) if head is not None and whole else None


def made(file: str, wanted: Tuple[int, int], status: int) -> None:
    """Raise Wrong unless `file` holds a picture of the wanted size."""
    if status != 0:
        raise Wrong("ffmpeg ended with an error")
    if not os.path.isfile(file) or os.path.getsize(file) == 0:  # noqa: PTH113, PTH202
        raise Wrong("ffmpeg ended with exit status 0 and wrote nothing")
    found = size_of(file)
    if found is None:
        raise Wrong("the file that ffmpeg wrote cannot be read back")
    if found != wanted:
        raise Wrong("the picture is {}x{} where {}x{} was asked for".format(*found, *wanted))


def clip(file: str) -> str:
    """Encode a second of a test picture to `file`."""
    import ffmpeg

    listed = subprocess.run(
        ["ffmpeg", "-hide_banner", "-encoders"],  # noqa: S607 - that of PATH is the one that the stack runs
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=LIMIT,
        check=False,
    )
    encoder = "libx264" if b"libx264 " in listed.stdout else "mpeg4"
    source = ffmpeg.input("testsrc=size={}x{}:rate=10:duration=1".format(WIDTH, HEIGHT), format="lavfi")
    status, _ = call(source.output(file, vcodec=encoder, pix_fmt="yuv420p", threads=1))
    made(file, (WIDTH, HEIGHT), status)
    return file


def encode() -> None:
    """A clip is encoded, and what ffprobe says of it is what was asked for."""
    import ffmpeg

    file = clip("encode.mp4")
    if shutil.which("ffprobe") is None:
        # Some wheels bring ffmpeg alone.
        return
    stream = ffmpeg.probe(file)["streams"][0]
    if (stream["width"], stream["height"]) != (WIDTH, HEIGHT):
        raise Wrong("ffprobe says {}x{} of it".format(stream["width"], stream["height"]))


def thumbnail() -> None:
    """A frame becomes a smaller picture."""
    import ffmpeg

    frame = ffmpeg.input(clip("thumbnail.mp4"), ss=0.5).filter("scale", WIDTH // 2, HEIGHT // 2)
    status, _ = call(frame.output("thumbnail.jpg", vcodec="mjpeg", update=1, **{"frames:v": 1}))
    made("thumbnail.jpg", (WIDTH // 2, HEIGHT // 2), status)


def rotation() -> None:
    """A clip is turned by a filter: newer branches ignore what older ones wrote into the metadata."""
    import ffmpeg

    status, _ = call(ffmpeg.input(clip("upright.mp4")).filter("transpose", 1).output("turned.mp4", threads=1))
    made("turned.mp4", (HEIGHT, WIDTH), status)


def seek_past_end() -> None:
    """A thumbnail from behind the end of a clip is no file, whatever the exit status says."""
    import ffmpeg

    frame = ffmpeg.input(clip("short.mp4"), ss=100)
    call(frame.output("behind.jpg", vcodec="mjpeg", update=1, **{"frames:v": 1}))
    if os.path.isfile("behind.jpg"):  # noqa: PTH113
        raise Wrong("a seek past the end left a file that holds no frame of the clip")


def truncated_file() -> None:
    """A clip that was cut off is an error, or at least no file that nobody can read."""
    import ffmpeg

    whole = clip("whole.mp4")
    with open(whole, "rb") as stream:  # noqa: PTH123
        content = stream.read()
    with open("cut.mp4", "wb") as stream:  # noqa: PTH123
        stream.write(content[: len(content) // 3])
    status, _ = call(ffmpeg.input("cut.mp4").output("from-cut.mp4", threads=1))
    if status == 0 and size_of("from-cut.mp4") is None:
        raise Wrong("ffmpeg ended with exit status 0 on a truncated file, and what it wrote cannot be read back")


def hang() -> None:
    """An ffmpeg whose input never comes is ended at a time limit, and is gone."""
    import ffmpeg

    stream = ffmpeg.input("pipe:", format="rawvideo", pix_fmt="rgb24", s="{}x{}".format(WIDTH, HEIGHT))
    arguments = stream.output("never.mp4").global_args("-hide_banner", "-loglevel", "error").overwrite_output()
    process = arguments.run_async(pipe_stdin=True, pipe_stdout=True, pipe_stderr=True)
    try:
        process.wait(timeout=SHORT)
    except subprocess.TimeoutExpired:
        process.kill()
        try:
            process.wait(timeout=SHORT)
        except subprocess.TimeoutExpired:
            raise Wrong("an ffmpeg that was killed did not go away") from None
    else:
        raise Wrong("ffmpeg ended before its input came")
    if size_of("never.mp4") is not None:
        raise Wrong("an ffmpeg that was killed left a file that looks whole")


STEPS: Dict[str, Callable[[], None]] = {
    "encode": encode,
    "thumbnail": thumbnail,
    "rotation": rotation,
    "seek-past-end": seek_past_end,
    "truncated-file": truncated_file,
    "hang": hang,
}


def problems_of(step: str) -> List[str]:
    """What is wrong with what came of `step`; empty where nothing is."""
    try:
        STEPS[step]()
    except Wrong as wrong:
        return [str(wrong)]
    except Exception as error:  # noqa: BLE001 - the package may raise anything, and that is what is asked
        return ["ffmpeg-python raises {}".format(type(error).__name__)]
    return []


if __name__ == "__main__":
    os.environ["PATH"] = sys.argv[1]
    print(json.dumps({"problems": problems_of(sys.argv[2])}))
