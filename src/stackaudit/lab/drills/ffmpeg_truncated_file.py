"""A clip is read that was cut off."""

from stackaudit.lab.drill import Drill, Witness
from stackaudit.lab.drills._filming import step
from stackaudit.model.facts.trials import FfmpegFaultTrial

DRILL = Drill(
    name="ffmpeg-truncated-file",
    sentence="A truncated file is an error, or what was made of it can be read",
    kind=FfmpegFaultTrial,
    run=step("truncated-file"),
    calm=True,
    needs="ffmpeg-python",
    needs_worker=False,
    witness=Witness.FFMPEG,
    source="https://ffmpeg.org/ffmpeg-formats.html#mov_002fmp4_002f3gp",
)
