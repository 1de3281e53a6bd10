"""An ffmpeg waits for ever for its input."""

from stackaudit.lab.drill import Drill, Witness
from stackaudit.lab.drills._filming import step
from stackaudit.model.facts.trials import FfmpegFaultTrial

DRILL = Drill(
    name="ffmpeg-hang",
    sentence="An ffmpeg that waits for ever ends when it is killed at a time limit",
    kind=FfmpegFaultTrial,
    run=step("hang"),
    calm=True,
    needs="ffmpeg-python",
    needs_worker=False,
    witness=Witness.FFMPEG,
    source="https://ffmpeg.org/ffmpeg.html",
)
