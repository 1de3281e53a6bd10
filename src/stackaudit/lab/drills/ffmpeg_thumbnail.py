"""A frame of a clip becomes a picture."""

from stackaudit.lab.drill import Drill, Witness
from stackaudit.lab.drills._filming import step
from stackaudit.model.facts.trials import FfmpegTrial

DRILL = Drill(
    name="ffmpeg-thumbnail",
    sentence="ffmpeg takes a thumbnail of the size that was asked for",
    kind=FfmpegTrial,
    run=step("thumbnail"),
    calm=True,
    needs="ffmpeg-python",
    needs_worker=False,
    witness=Witness.FFMPEG,
    source="https://ffmpeg.org/ffmpeg.html",
)
