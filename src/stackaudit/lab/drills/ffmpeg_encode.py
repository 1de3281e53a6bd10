"""A clip is encoded through ffmpeg-python."""

from stackaudit.lab.drill import Drill, Witness
from stackaudit.lab.drills._filming import step
from stackaudit.model.facts.trials import FfmpegTrial

DRILL = Drill(
    name="ffmpeg-encode",
    sentence="ffmpeg encodes a clip, and ffprobe says of it what was asked for",
    kind=FfmpegTrial,
    run=step("encode"),
    calm=True,
    needs="ffmpeg-python",
    needs_worker=False,
    witness=Witness.FFMPEG,
    source="https://ffmpeg.org/ffmpeg.html",
)
