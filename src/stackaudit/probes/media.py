"""Looks at what ffmpeg really makes: a clip is encoded, thumbnailed and rotated, and the files are examined."""

import json
from collections.abc import Sequence

from stackaudit.model.facts.programs import MediaTrial, Program, ProgramState
from stackaudit.model.parts import Probe, Visit
from stackaudit.model.snapshot import Evidence, Look, Unseen
from stackaudit.outside.places import temporary_folder
from stackaudit.outside.process import Completed, Ending
from stackaudit.probes._media_steps import STEPS, Bench, Step
from stackaudit.probes._pictures import jpeg_size, ppm_size
from stackaudit.probes._program import ask, cut_short, hung


class OutOfTimeError(Exception):
    """The audit's deadline cut a step short."""


def collect(visit: Visit) -> Sequence[Look]:
    """One look a step. What the failing of an earlier step keeps from being tried stays unseen."""
    programs = {each.name: each for each in visit.facts(Program)}
    ffmpeg, ffprobe = programs.get("ffmpeg"), programs.get("ffprobe")
    if ffmpeg is None:
        return []
    if ffmpeg.state is not ProgramState.WORKS or ffmpeg.path is None:
        return [_unseen("", "clip", ffmpeg.unasked, "make ffmpeg work first")]
    works = ffprobe is not None and ffprobe.state is ProgramState.WORKS
    # A build with neither encoder says so itself when it is asked to encode.
    encoder = "mpeg4" if "encoder libx264" not in ffmpeg.features and "encoder mpeg4" in ffmpeg.features else "libx264"
    with temporary_folder("media") as folder:
        bench = Bench(
            folder=folder,
            ffmpeg=ffmpeg.path,
            ffprobe=ffprobe.path if works and ffprobe is not None else None,
            encoder=encoder,
            deadline=visit.deadline,
        )
        return try_steps(bench, ffmpeg.version)


def try_steps(bench: Bench, version: str | None) -> list[Look]:
    """A look at each step done on `bench` with an ffmpeg of `version`, in the order of `STEPS`."""
    looks: list[Look] = []
    for step in STEPS:
        subject = f"ffmpeg {step.name}"
        try:
            trial, evidence, seconds = _tried(bench, step)
        except OutOfTimeError:
            cause = "the time for the audit was up before ffmpeg had made its files"
            remedy = "give it more time with --timeout SECONDS, or leave the check out with --skip ffmpeg"
            looks += [_unseen(f"ffmpeg {each.name}", each.name, cause, remedy) for each in STEPS[len(looks) :]]
            break
        looks.append(
            Look(
                probe="media",
                asked=step.name,
                evidence=Evidence(tool="ffmpeg", tool_version=version, command=evidence, exit_status=trial.exit_status),
                facts=(trial,),
                measured=((subject, seconds),),
            )
        )
        if step is STEPS[0] and not trial.ok:
            cause = "no clip could be encoded, so there was none to work on"
            remedy = "make the encoding work first"
            looks += [_unseen(f"ffmpeg {each.name}", each.name, cause, remedy) for each in STEPS[1:]]
            break
    return looks


def _tried(bench: Bench, step: Step) -> tuple[MediaTrial, tuple[str, ...], float]:
    """Run one step and examine its file: the trial, the command line, and the seconds it took.

    Raises:
        OutOfTimeError: the deadline cut it short.
    """
    command = step.command(bench)
    answer = _run(bench, command)
    ok, detail, size, pixels = _examined(bench, step, answer)
    trial = MediaTrial(
        step=step.name,
        ok=ok,
        detail=detail,
        exit_status=answer.exit_status,
        size=size,
        width=pixels[0] if pixels else None,
        height=pixels[1] if pixels else None,
    )
    return trial, tuple(command), answer.seconds


def _run(bench: Bench, command: Sequence[str]) -> Completed:
    answer = ask(command, bench.deadline, bench.patience, cwd=bench.folder)
    if cut_short(answer, bench.patience):
        raise OutOfTimeError
    return answer


def _examined(bench: Bench, step: Step, answer: Completed) -> tuple[bool, str, int | None, tuple[int, int] | None]:
    """Whether the step's file is what it should be, that in words, and its bytes and pixels: the file counts, not the exit status."""
    path = bench.folder / step.file
    size = path.stat().st_size if path.is_file() else None
    if hung(answer, bench.patience):
        return False, f"it was not done within {bench.patience:g} s", size, None
    ended = _ending(answer)
    if size is None:
        return False, f"{ended} and wrote no file", None, None
    if size == 0:
        return False, f"{ended} and wrote an empty file", size, None
    pixels = _pixels(bench, step)
    if pixels is None:
        return False, f"{ended}, and the file it wrote cannot be read back", size, None
    shown = f"{pixels[0]}x{pixels[1]}"
    if pixels != step.pixels:
        return False, f"it made {shown} where {step.pixels[0]}x{step.pixels[1]} was asked for", size, pixels
    if answer.exit_status != 0:
        return False, f"{ended}, though it wrote the file", size, pixels
    with_encoder = f" with {bench.encoder}" if step.file.endswith(".mp4") else ""
    return True, f"{step.done} ({shown}{with_encoder})", size, pixels


def _ending(answer: Completed) -> str:
    match answer.ending:
        case Ending.EXITED if (answer.exit_status or 0) < 0:
            return f"it crashed (signal {-(answer.exit_status or 0)})"
        case Ending.EXITED:
            return f"it ended with exit status {answer.exit_status}"
        case Ending.TOO_MUCH_OUTPUT:
            return "it did not stop printing"
        case _:
            return "it could not be started"


def _pixels(bench: Bench, step: Step) -> tuple[int, int] | None:
    """Width and height of the step's file as it is read back, or None where it can't be."""
    if step.file.endswith(".jpg"):
        return jpeg_size((bench.folder / step.file).read_bytes())
    if bench.ffprobe is None:
        command = [bench.ffmpeg, "-nostdin", "-v", "error", "-i", step.file]
        command += ["-frames:v", "1", "-c:v", "ppm", "-f", "image2pipe", "-"]
        return ppm_size(_run(bench, command).stdout)
    command = [bench.ffprobe, "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=width,height"]
    return _probed(_run(bench, [*command, "-of", "json", step.file]).stdout)


def _probed(output: bytes) -> tuple[int, int] | None:
    try:
        match json.loads(output):
            case {"streams": [{"width": int(width), "height": int(height)}]}:
                return width, height
    except ValueError:
        pass
    return None


def _unseen(subject: str, asked: str, cause: str, remedy: str) -> Look:
    unseen = Unseen(subject=subject, yields=(MediaTrial.__name__,), cause=cause, remedy=remedy)
    return Look(probe="media", asked=asked, evidence=Evidence(tool="ffmpeg"), unseen=unseen)


PROBE = Probe(name="media", title="media", reads=(Program,), yields=(MediaTrial,), collect=collect)
