"""Judges what a build of ffmpeg holds: what the project needs, what nobody may pass on, what opens connections, what is newer upstream."""

from collections.abc import Iterable, Iterator

from stackaudit.model.audit import Case
from stackaudit.model.facts.programs import Copy, Need, Program, ProgramState
from stackaudit.model.findings import Finding
from stackaudit.model.manifest import Manifest
from stackaudit.model.needs import needed
from stackaudit.model.parts import Rule, rule
from stackaudit.model.places import Place
from stackaudit.model.versions import parse_version

NETWORK = frozenset({"ftp", "http", "https", "rtmp", "tcp"})
"""Protocols by which an input can make ffmpeg ask another machine."""


def _working(case: Case) -> Program | None:
    programs = (each for each in case.facts(Program) if each.name == "ffmpeg")
    return next((each for each in programs if each.state is ProgramState.WORKS), None)


def _about(case: Case) -> Iterable[str]:
    ffmpeg = _working(case)
    return [] if ffmpeg is None else [ffmpeg.subject]


def _no_needs(manifest: Manifest) -> str | None:
    return None if needed(manifest) else "the project says nothing of what it needs of ffmpeg (setting `needs`)"


@rule(
    "FF108",
    "ffmpeg has all that the project says it needs",
    severity="high",
    reads=[Need],
    asked_by=_no_needs,
    why="a task that asks for what is not compiled in, or is gone from this branch, fails when it runs",
    fix="use a build with it, or rewrite what needs it",
    source="https://ffmpeg.org/ffmpeg.html#Generic-options",
)
def has_what_is_needed(rule: Rule, case: Case) -> Iterator[Finding]:
    """By its own lists, of this build: a distribution may leave out what upstream has."""
    for need in case.facts(Need):
        if not need.met:
            fix = "-fps_mode takes its place" if (need.kind, need.name) == ("option", "vsync") else None
            yield rule.fails(need.subject, f"this build lists no {need.kind} {need.name}", where=_said(case), fix=fix)


def _by_path(manifest: Manifest) -> str | None:
    by_name = any(each.name == "ffmpeg" and "/" not in each.command for each in manifest.programs)
    return None if by_name else "ffmpeg is named by its path"


@rule(
    "FF110",
    "Every ffmpeg on PATH is of the same version",
    severity="low",
    reads=[Copy],
    asked_by=_by_path,
    why="which one runs hangs on the order of PATH, and a service's PATH is seldom that of a shell",
    fix="keep one, or name the one that you mean by its path (--ffmpeg PATH here, and in the code)",
)
def one_on_path(rule: Rule, case: Case) -> Iterator[Finding]:
    """The first wins; those behind it are told where they differ from it."""
    first = {each.name: each for each in case.facts(Copy) if each.first}
    for each in case.facts(Copy):
        winner = first.get(each.name, each)
        if each.version != winner.version:
            what = f"{each.name} {each.version}" if each.version else f"no {each.name} that answers"
            message = f"{what}, behind {winner.path}, which is {winner.version or 'none that answers'} and wins"
            yield rule.fails(each.subject, message)


@rule(
    "FF111",
    "ffmpeg opens no connections that no task needs",
    severity="low",
    reads=[Program],
    about=_about,
    asked_by=_no_needs,
    why="a playlist that a stranger uploads can name addresses, and ffmpeg fetches them from inside your network",
    fix="give `-protocol_whitelist file,pipe` with each input, or name the protocol in `needs` where tasks do need it",
    source="https://ffmpeg.org/ffmpeg-protocols.html#Protocol-Options",
)
def opens_no_connections(rule: Rule, case: Case) -> Iterator[Finding]:
    """Asked only where the project says what it needs; nearly every build can do it."""
    ffmpeg = _working(case)
    if ffmpeg is None or NETWORK.intersection(name for kind, name in needed(case.manifest) if kind == "protocol"):
        return
    able = sorted(name for name in NETWORK if f"protocol {name}" in ffmpeg.features)
    if able:
        yield rule.fails(ffmpeg.subject, f"this build speaks {', '.join(able)}, and `needs` names none of them")


@rule(
    "FF112",
    "The build of ffmpeg may be passed on",
    severity="low",
    reads=[Program],
    about=_about,
    why="a build with --enable-nonfree mixes licenses that exclude each other: an image with it may be given to nobody",
    fix="use a build without it",
    source="https://ffmpeg.org/legal.html",
)
def may_be_passed_on(rule: Rule, case: Case) -> Iterator[Finding]:
    """By its configuration; `--enable-gpl` is a fact of the record, and no fault."""
    ffmpeg = _working(case)
    if ffmpeg is not None and "--enable-nonfree" in ffmpeg.flags:
        yield rule.fails(ffmpeg.subject, "it was configured with --enable-nonfree")


@rule(
    "FF113",
    "ffmpeg is the newest release of its branch",
    severity="low",
    reads=[Program],
    about=lambda case: _about(case) if _latest(case) is not None else [],
    why="releases of a branch hold fixes alone, most of them for files that strangers make",
    fix="move to the newest release of the branch",
    source="https://ffmpeg.org/download.html",
)
def newest_of_branch(rule: Rule, case: Case) -> Iterator[Finding]:
    """A build that a distribution owns goes by the distribution's own releases, and is not asked about."""
    ffmpeg, latest = _working(case), _latest(case)
    version = parse_version(ffmpeg.version) if ffmpeg is not None and ffmpeg.version is not None else None
    newest = parse_version(latest) if latest is not None else None
    if ffmpeg is not None and version is not None and newest is not None and version < newest:
        yield rule.fails(ffmpeg.subject, f"it is {version}, and {newest} is out", fix=f"move to {newest}")


def _latest(case: Case) -> str | None:
    """The newest release of the branch by the matrix, where that says one and upstream's releases count."""
    ffmpeg = _working(case)
    product = case.matrix.product("ffmpeg") if case.matrix is not None else None
    if ffmpeg is None or product is None or ffmpeg.owner is not None or ffmpeg.branch is None:
        return None
    branch = product.branch(ffmpeg.branch) if ffmpeg.kind in {"release", "release+git"} else None
    return str(branch.latest) if branch is not None and branch.latest is not None else None


def _said(case: Case) -> Place | None:
    return next((each.where for each in case.manifest.settings if each.name == "needs"), None)
