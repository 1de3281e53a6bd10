"""Reads what ffmpeg and ffprobe print about themselves: the first lines of `-version`, and the lists of encoders and filters."""

import re
from dataclasses import dataclass

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

BRANCH_OF_LIBAVUTIL: dict[tuple[int, int], str] = {
    (56, 14): "4.0",
    (56, 22): "4.1",
    (56, 31): "4.2",
    (56, 51): "4.3",
    (56, 70): "4.4",
    (57, 17): "5.0",
    (57, 28): "5.1",
    (58, 2): "6.0",
    (58, 29): "6.1",
    (59, 8): "7.0",
    (59, 39): "7.1",
    (60, 8): "8.0",
    (60, 26): "8.1",
    (61, 1): "9.0",
}
"""Major and minor of libavutil on each release branch (https://ffmpeg.org/download.html). They stay as they are on a branch, and are
raised on the development line when a branch is cut: a git build with another pair belongs to no branch."""

# The number of flag columns changed over the years; the name is the first word after them.
_ENCODER = re.compile(r"^ [VAS][A-Z.]{3,8} ([\w.-]{1,60})\s", re.ASCII)
_FILTER = re.compile(r"^ [TSC.]{2,3} ([\w.-]{1,60})\s{1,80}[AVN|]{1,20}->[AVN|]{1,20}\s", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Banner:
    """What a banner says.

    `program` is `ffmpeg`, `ffprobe` or `ffplay`; `project` is `FFmpeg` or `Libav`, its fork. `text` is the version as printed, `version`
    its release number where it has one, else the whole of `text`. `kind` is `release`, `release+git` (commits after one), `git` or
    `unknown`. `branch` is `major.minor`, None where nothing tells. `libavutil` is that library's version.
    """

    program: str
    project: str
    text: str
    version: str
    kind: str
    branch: str | None
    libavutil: tuple[int, int, int] | None


def parse_banner(text: str) -> Banner | None:
    """The banner that `text` (the output of `-version`) begins with, or None where it is not one. Never raises."""
    lines = [line.strip() for line in text.splitlines()]
    head = _HEAD.match(next((line for line in lines if line), ""))
    if head is None:
        return None
    library = next((found for found in map(_LIBAVUTIL.match, lines) if found), None)
    libavutil = (int(library[1]), int(library[2]), int(library[3])) if library else None
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
    )


def parse_encoders(text: str) -> frozenset[str]:
    """The names in the output of `-encoders`; empty where it is no such list."""
    return _names(_ENCODER, text)


def parse_filters(text: str) -> frozenset[str]:
    """The names in the output of `-filters`; empty where it is no such list."""
    return _names(_FILTER, text)


def _names(line_of: re.Pattern[str], text: str) -> frozenset[str]:
    # The legend above the list has the same shape, with `=` where a name stands.
    return frozenset(found[1] for found in map(line_of.match, text.splitlines()) if found)
