"""A clip is turned by a filter."""

from stackaudit.lab.drill import Drill, Witness
from stackaudit.lab.drills._filming import step
from stackaudit.model.facts.trials import FfmpegTrial

DRILL = Drill(
    name="ffmpeg-rotation",
    sentence="ffmpeg turns a clip by the transpose filter",
    kind=FfmpegTrial,
    run=step("rotation"),
    calm=True,
    needs="ffmpeg-python",
    needs_worker=False,
    witness=Witness.FFMPEG,
    source="https://ffmpeg.org/ffmpeg-filters.html#transpose-1",
)
