"""Reads what ffmpeg and ffprobe print about themselves: the first lines of `-version`, and the lists of what they can do."""

import re

from stackaudit.model.ffmpeg_branches import BRANCH_OF_LIBAVUTIL
from stackaudit.model.values import dataclass

_HEAD = re.compile(
    r"^ff(?P<program>mpeg|probe|play) version (?P<text>\S{1,200}?),?\s+(?:https?://\S{1,200}\s+)?"
    r"Copyright \(c\) \d{4}(?:-\d{4})? the (?P<project>FFmpeg|Libav) developers",
    re.ASCII,
)
# At most two digits before the first dot: `2026-01-29-git-…` is a date, not version 2026.
_RELEASE = re.compile(r"^n?(?P<number>(?P<branch>\d{1,2}\.\d{1,3})(?:\.\d{1,3})?)(?=$|[-+~:,])", re.ASCII)
_COMMITS_AFTER = re.compile(r"^n?[\d.]+-\d{1,6}-g[0-9a-f]{4,40}(?=$|[-+])", re.ASCII)
_GIT = re.compile(
    r"^(?:N-\d{1,7}-g[0-9a-f]{4,40}|git-(?:\d{4}-\d\d-\d\d-)?[0-9a-f]{4,40}|\d{4}-\d\d-\d\d-git-[0-9a-f]{4,40})"
    r"(?=$|[-+~])",
    re.ASCII,
)
_LIBAVUTIL = re.compile(r"^libavutil\s{1,20}(\d{1,3})\.\s{0,4}(\d{1,3})\.\s{0,4}(\d{1,4})\s{0,4}/", re.ASCII)

# The number of flag columns changed over the years; the name is the first word after them.
_ENCODER = re.compile(r"^ [VAS][A-Z.]{3,8} ([\w.-]{1,60})\s", re.ASCII)
_PROTOCOL = re.compile(r"^ {1,4}([\w.-]{1,40})$", re.ASCII)
# `-vsync`, `-c[:<stream_spec>] <codec>`, and behind two blanks those of the libraries.
_OPTION = re.compile(r"^ {0,2}-([A-Za-z0-9_]{1,60})(?=$|[\s:\[<])", re.ASCII)
_FLAGS = frozenset({"--enable-gpl", "--enable-nonfree", "--enable-version3"})
_FILTER = re.compile(r"^ [TSC.]{2,3} ([\w.-]{1,60})\s{1,80}[AVN|]{1,20}->[AVN|]{1,20}\s", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Banner:
    """What a banner says.

    `program` is `ffmpeg`, `ffprobe` or `ffplay`; `project` is `FFmpeg` or `Libav`, its fork. `text` is the version as printed, `version`
    its release number where it has one, else the whole of `text`. `kind` is `release`, `release+git` (commits after one), `git` or
    `unknown`. `branch` is `major.minor`, None where nothing tells. `libavutil` is that library's version. `flags` are those that it was
    configured with and that decide on its license.
    """

    program: str
    project: str
    text: str
    version: str
    kind: str
    branch: str | None
    libavutil: tuple[int, int, int] | None
    flags: tuple[str, ...] = ()


def parse_banner(text: str) -> Banner | None:
    """The banner that `text` (the output of `-version`) begins with, or None where it is not one. Never raises."""
    lines = [line.strip() for line in text.splitlines()]
    head = _HEAD.match(next((line for line in lines if line), ""))
    if head is None:
        return None
    library = next((found for found in map(_LIBAVUTIL.match, lines) if found), None)
    libavutil = (int(library[1]), int(library[2]), int(library[3])) if library else None
    configured = next((line for line in lines if line.startswith("configuration:")), "")
    printed = head["text"]
    release = _RELEASE.match(printed)
    if release is not None:
        kind = "release+git" if _COMMITS_AFTER.match(printed) else "release"
        version, branch = release["number"], release["branch"]
    else:
        kind = "git" if _GIT.match(printed) else "unknown"
        version, branch = printed, BRANCH_OF_LIBAVUTIL.get(libavutil[:2]) if libavutil else None
    return Banner(
        program=f"ff{head['program']}",
        project=head["project"],
        text=printed,
        version=version,
        kind=kind,
        branch=branch,
        libavutil=libavutil,
        flags=tuple(sorted(_FLAGS.intersection(configured.split()))),
    )


def parse_encoders(text: str) -> frozenset[str]:
    """The names in the output of `-encoders`; empty where it is no such list."""
    return _names(_ENCODER, text)


def parse_filters(text: str) -> frozenset[str]:
    """The names in the output of `-filters`; empty where it is no such list."""
    return _names(_FILTER, text)


def parse_decoders(text: str) -> frozenset[str]:
    """The names in the output of `-decoders`; empty where it is no such list."""
    return _names(_ENCODER, text)


def parse_protocols(text: str) -> frozenset[str]:
    """The names in the output of `-protocols`, for input or output; empty where it is no such list."""
    return _names(_PROTOCOL, text)


def parse_options(text: str) -> frozenset[str]:
    """The names of all options in the output of `-h full`, without the dash; empty where it is no such help."""
    return _names(_OPTION, text)


def _names(line_of: re.Pattern[str], text: str) -> frozenset[str]:
    # The legend above the list has the same shape, with `=` where a name stands.
    return frozenset(found[1] for found in map(line_of.match, text.splitlines()) if found)
