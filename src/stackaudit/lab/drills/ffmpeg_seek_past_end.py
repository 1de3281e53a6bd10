"""A thumbnail is asked for from behind the end of a clip."""

from stackaudit.lab.drill import Drill, Witness
from stackaudit.lab.drills._filming import step
from stackaudit.model.facts.trials import FfmpegFaultTrial

DRILL = Drill(
    name="ffmpeg-seek-past-end",
    sentence="A seek past the end of a clip leaves no picture that is none",
    kind=FfmpegFaultTrial,
    run=step("seek-past-end"),
    calm=True,
    needs="ffmpeg-python",
    needs_worker=False,
    witness=Witness.FFMPEG,
    source="https://ffmpeg.org/ffmpeg.html#Main-options",
)
