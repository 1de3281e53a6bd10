"""Judges ffmpeg: whether it is there, works, is supported, and really makes files."""

from collections.abc import Iterable, Iterator, Sequence

from stackaudit.checks._known_live import Live, known_faults
from stackaudit.model.audit import Case
from stackaudit.model.facts.programs import MediaTrial, Program, ProgramState
from stackaudit.model.findings import Finding, Severity
from stackaudit.model.manifest import Manifest
from stackaudit.model.parts import Check, Rule, rule
from stackaudit.model.places import Place


def asked_by(manifest: Manifest) -> str | None:
    """Where the stack has an ffmpeg."""
    return None if any(each.name == "ffmpeg" for each in manifest.programs) else "no ffmpeg asked for"


def summarize(case: Case, _findings: Sequence[Finding]) -> str:
    """Which programs there are, and what was made with them."""
    ffmpeg, ffprobe = _program(case, "ffmpeg"), _program(case, "ffprobe")
    if ffmpeg is None:
        return "ffmpeg was not seen"
    if not _works(ffmpeg):
        return ffmpeg.detail
    who = f"ffmpeg {ffmpeg.version}"
    who += f" and ffprobe {ffprobe.version}" if ffprobe is not None and _works(ffprobe) else ", no working ffprobe"
    who += f" (package {ffmpeg.owner})" if ffmpeg.owner else ""
    return f"{who}; {_made(case.facts(MediaTrial))}"


_DONE = {"encode": "encoded", "thumbnail": "thumbnailed", "rotate": "rotated"}


def _made(trials: Sequence[MediaTrial]) -> str:
    done = [_DONE.get(trial.step, trial.step) for trial in _ordered(trials) if trial.ok]
    failed = [trial.step for trial in _ordered(trials) if not trial.ok]
    words = f"{', '.join(done[:-1])} and {done[-1]}" if len(done) > 1 else "".join(done)
    made = f"a 1 s clip was {words}" if done else ""
    wrong = f"{' and '.join(failed)} failed" if failed else ""
    return ", ".join(part for part in (made, wrong) if part) or "nothing was made with it"


def _ordered(trials: Sequence[MediaTrial]) -> list[MediaTrial]:
    steps = list(_DONE)
    return sorted(trials, key=lambda each: steps.index(each.step) if each.step in steps else len(steps))


CHECK = Check(id="ffmpeg", code="FF", title="FFmpeg", order=70, asked_by=asked_by, summarize=summarize)


def _program(case: Case, name: str) -> Program | None:
    return next((each for each in case.facts(Program) if each.name == name), None)


def _works(program: Program) -> bool:
    return program.state is ProgramState.WORKS


def _working(case: Case, *names: str) -> list[str]:
    return [each.name for each in case.facts(Program) if each.name in names and _works(each)]


def about_ffmpeg(case: Case) -> Iterable[str]:
    """ffmpeg, where it was seen in any state."""
    return (each.name for each in case.facts(Program) if each.name == "ffmpeg")


def about_ffprobe(case: Case) -> Iterable[str]:
    """ffprobe, where it was seen in any state."""
    return (each.name for each in case.facts(Program) if each.name == "ffprobe")


def about_working_ffmpeg(case: Case) -> Iterable[str]:
    """ffmpeg, where it works: of another, its version and what it can do are not known."""
    return _working(case, "ffmpeg")


def about_both(case: Case) -> Iterable[str]:
    """ffprobe, where both work."""
    return ["ffprobe"] if len(_working(case, "ffmpeg", "ffprobe")) == 2 else []  # noqa: PLR2004 - both


INSTALL = "install it (Debian and Ubuntu: `apt-get install ffmpeg`), or name another one with --ffmpeg PATH"


@rule(
    "FF101",
    "ffmpeg is there and works",
    severity="high",
    reads=[Program],
    about=about_ffmpeg,
    why="ffmpeg-python only writes command lines: without the program every media task fails when it runs",
    fix=INSTALL,
    source="https://github.com/kkroening/ffmpeg-python#installing-ffmpeg",
)
def ffmpeg_works(rule: Rule, case: Case) -> Iterator[Finding]:
    """It works where it answers `-version` as ffmpeg does, with exit status 0."""
    ffmpeg = _program(case, "ffmpeg")
    if ffmpeg is not None and not _works(ffmpeg):
        yield rule.fails(ffmpeg.subject, ffmpeg.detail, where=_place(case), cause=ffmpeg.unasked)


@rule(
    "FF102",
    "ffprobe is there and works",
    severity="medium",
    reads=[Program],
    about=about_ffprobe,
    why="`ffmpeg.probe()` of ffmpeg-python runs ffprobe: without it no task can tell what a file is",
    fix="install the ffprobe that comes with your ffmpeg; some packages hold ffmpeg alone",
    source="https://ffmpeg.org/ffprobe.html",
)
def ffprobe_works(rule: Rule, case: Case) -> Iterator[Finding]:
    """It is looked for beside ffmpeg first, then on PATH."""
    ffprobe = _program(case, "ffprobe")
    if ffprobe is not None and not _works(ffprobe):
        yield rule.fails(ffprobe.subject, ffprobe.detail, where=_place(case))


@rule(
    "FF103",
    "The branch of ffmpeg is supported upstream",
    severity="medium",
    reads=[Program],
    about=about_working_ffmpeg,
    why="a branch whose support has ended gets no security fixes, and ffmpeg reads what strangers upload",
    fix="move to a branch that is supported",
    source="https://ffmpeg.org/download.html",
)
def branch_is_supported(rule: Rule, case: Case) -> Iterator[Finding]:
    """A distribution that owns the file may carry fixes of its own: then an ended branch is low."""
    ffmpeg = _program(case, "ffmpeg")
    if ffmpeg is None or not _works(ffmpeg):
        return
    product = case.matrix.product("ffmpeg") if case.matrix is not None else None
    if product is None:
        yield rule.uncheckable(ffmpeg.subject, "no matrix here says which branches of ffmpeg are supported")
        return
    if ffmpeg.branch is None:
        message = f"{ffmpeg.version} does not say which branch it was built from"
        yield rule.uncheckable(ffmpeg.subject, message, fix="use a release build where support matters")
        return
    branch = product.branch(ffmpeg.branch)
    if branch is None:
        known = ", ".join(each.name for each in product.branches)
        message = f"nobody vouches for ffmpeg {ffmpeg.branch}: the matrix knows the branches {known}"
        yield rule.fails(ffmpeg.subject, message, severity=Severity.LOW)
    elif branch.ended(case.today):
        when = f" on {branch.end_of_life}" if branch.end_of_life else ""
        message = f"support of ffmpeg {branch.name} ended{when}"
        if ffmpeg.owner:
            message += f"; what the distribution fixed since in {ffmpeg.owner} is for it to say"
        severity = Severity.LOW if ffmpeg.owner else None
        yield rule.fails(ffmpeg.subject, message, severity=severity, fix=_newer(case), source=branch.source)


def _newer(case: Case) -> str | None:
    """The branches that are still supported, as advice."""
    product = case.matrix.product("ffmpeg") if case.matrix is not None else None
    names = [each.name for each in product.branches if not each.ended(case.today)] if product is not None else []
    return f"move to a branch that is supported: {', '.join(names)}" if names else None


@rule(
    "FF104",
    "Encoding, thumbnailing and rotating make real files",
    severity="high",
    reads=[MediaTrial],
    why="some builds of ffmpeg end with exit status 0 and write nothing: only the file shows that a step worked",
    fix="run the command shown in the evidence by hand, and read what ffmpeg says",
)
def steps_make_files(rule: Rule, case: Case) -> Iterator[Finding]:
    """Each step's file was examined."""
    for trial in case.facts(MediaTrial):
        if not trial.ok:
            yield rule.fails(trial.subject, f"{trial.step}: {trial.detail}")


@rule(
    "FF105",
    "ffmpeg and ffprobe are of the same version",
    severity="low",
    reads=[Program],
    about=about_both,
    why="what ffprobe says of a file may then differ from what ffmpeg makes of it",
    fix="install both from one package, and put its folder first on PATH",
)
def same_version(rule: Rule, case: Case) -> Iterator[Finding]:
    """Two of different builds are on the machine."""
    ffmpeg, ffprobe = _program(case, "ffmpeg"), _program(case, "ffprobe")
    if ffmpeg is None or ffprobe is None or not (_works(ffmpeg) and _works(ffprobe)):
        return
    if ffmpeg.version != ffprobe.version:
        message = f"ffprobe {ffprobe.version} ({ffprobe.path}) beside ffmpeg {ffmpeg.version} ({ffmpeg.path})"
        # Fields of its answers are renamed and dropped from branch to branch, and not within one.
        other = None not in {ffmpeg.branch, ffprobe.branch} and ffmpeg.branch != ffprobe.branch
        yield rule.fails(ffprobe.subject, message, severity=Severity.MEDIUM if other else None)


@rule(
    "FF106",
    "ffmpeg can do what media tasks need",
    severity="medium",
    reads=[Program],
    about=about_working_ffmpeg,
    why="builds differ in what was compiled in; what is missing fails when the first task asks for it",
    fix="use a build with these compiled in (Debian's and the common static builds have them)",
    source="https://ffmpeg.org/ffmpeg.html#Generic-options",
)
def can_do(rule: Rule, case: Case) -> Iterator[Finding]:
    """Thumbnails and rotation need two filters and two encoders; libx264 and aac have a stand-in or are often not needed."""
    ffmpeg = _program(case, "ffmpeg")
    if ffmpeg is None or not _works(ffmpeg):
        return
    has = frozenset(ffmpeg.features)
    missing = [each for each in ("encoder mjpeg", "filter scale", "filter transpose") if each not in has]
    if not has.intersection({"encoder libx264", "encoder mpeg4"}):
        missing.append("encoder libx264")
    if missing:
        yield rule.fails(ffmpeg.subject, f"this build lists no {', no '.join(missing)}")
    wished = [each for each in ("encoder aac", "encoder libx264") if each not in has and each not in missing]
    if wished:
        yield rule.fails(ffmpeg.subject, f"this build lists no {', no '.join(wished)}", severity=Severity.LOW)


@rule(
    "FF107",
    "The matrix knows no fault of this ffmpeg",
    severity="high",
    reads=[Program],
    about=lambda case: _working(case, "ffmpeg") if case.matrix and case.matrix.product("ffmpeg") else [],
    why="others met it with exactly this version; ffmpeg reads what strangers upload, and no audit of Python packages looks at it",
    fix="move to a version without the fault",
    source="https://ffmpeg.org/security.html",
)
def known_of_ffmpeg(rule: Rule, case: Case) -> Iterator[Finding]:
    """The known-bad rules of the matrix that name a program; a distribution's own package goes by its changelog."""
    ffmpeg = _program(case, "ffmpeg")
    if ffmpeg is not None and _works(ffmpeg) and ffmpeg.version is not None:
        live = Live(
            subject=ffmpeg.subject,
            name=ffmpeg.name,
            version=ffmpeg.version,
            where=_place(case),
            owner=ffmpeg.owner,
            fixes=ffmpeg.fixes,
        )
        yield from known_faults(rule, case, live)


def _place(case: Case) -> Place | None:
    return next((each.where for each in case.manifest.programs if each.name == "ffmpeg"), None)
