"""Every banner that is known from the wild is told apart, and no text breaks the reader."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stackaudit.probes._banner import (
    parse_banner,
    parse_decoders,
    parse_encoders,
    parse_filters,
    parse_options,
    parse_protocols,
)

RIGHTS = "Copyright (c) 2000-2026 the FFmpeg developers"

KNOWN = [
    ("5.1.9-0+deb12u1", "5.1.9", "release", "5.1"),
    ("7.1.5-0+deb13u1", "7.1.5", "release", "7.1"),
    ("4.3.9-0+deb11u2", "4.3.9", "release", "4.3"),
    ("9.0.2-4", "9.0.2", "release", "9.0"),
    ("4.4.2-0ubuntu0.22.04.1", "4.4.2", "release", "4.4"),
    ("6.1.1-3ubuntu5", "6.1.1", "release", "6.1"),
    ("6.1.1", "6.1.1", "release", "6.1"),
    ("7.1", "7.1", "release", "7.1"),
    ("n9.0.2-17-g2a571b6068-20260930", "9.0.2", "release+git", "9.0"),
    ("n8.1.2", "8.1.2", "release", "8.1"),
    ("n4.4.1", "4.4.1", "release", "4.4"),
    ("7.1-essentials_build-www.gyan.dev", "7.1", "release", "7.1"),
    ("9.0.1-full_build-www.gyan.dev", "9.0.1", "release", "9.0"),
    ("4.3.1-2020-10-01-full_build-www.gyan.dev", "4.3.1", "release", "4.3"),
    ("7.0.2-static https://johnvansickle.com/ffmpeg/ ", "7.0.2", "release", "7.0"),
    ("4.2.2-static https://johnvansickle.com/ffmpeg/ ", "4.2.2", "release", "4.2"),
    ("7.1.1-Jellyfin", "7.1.1", "release", "7.1"),
    ("N-113653-gc80672d669-ga2cfd6062c+4", None, "git", None),
    ("N-98469-g93febc4e15", None, "git", None),
    ("N-92718-g092cb17983-tessus", None, "git", None),
    ("N-47683-g0e8eb07980-static https://johnvansickle.com/ffmpeg/ ", None, "git", None),
    ("git-2020-07-30-134a48a", None, "git", None),
    ("git-2022-10-18-3141dbb-1ubuntu0.1", None, "git", None),
    ("2026-01-29-git-c898ddb8fe-full_build-www.gyan.dev", None, "git", None),
    ("UNKNOWN", None, "unknown", None),
]


def banner(printed: str, libavutil: str = "", program: str = "ffmpeg") -> str:
    return f"{program} version {printed} {RIGHTS}\nbuilt with gcc 13.2.1\n{libavutil}\n"


@pytest.mark.parametrize(("printed", "version", "kind", "branch"), KNOWN)
def test_each_known_form_of_banner_is_told_apart(
    printed: str, version: str | None, kind: str, branch: str | None
) -> None:
    found = parse_banner(banner(printed))
    assert found is not None
    assert (found.version, found.kind, found.branch) == (version or printed.split(maxsplit=1)[0], kind, branch)


@pytest.mark.parametrize(
    ("line", "branch"),
    [
        ("libavutil      57. 28.100 / 57. 28.100", "5.1"),
        ("  libavutil      61.  1.102 / 61.  1.102", "9.0"),
        ("libavutil      59. 39.100 / 59. 39.100", "7.1"),
        ("libavutil      59. 50.100 / 59. 50.100", None),
        ("libavutil", None),
    ],
)
def test_the_branch_of_a_git_build_is_that_of_its_libraries_or_not_known(line: str, branch: str | None) -> None:
    found = parse_banner(banner("N-98469-g93febc4e15", line))
    assert found is not None
    assert found.branch == branch


def test_a_date_is_never_taken_for_a_version() -> None:
    found = parse_banner(banner("2026-01-29-git-c898ddb8fe"))
    assert found is not None
    assert found.branch is None


def test_it_is_told_which_program_and_whose_it_is() -> None:
    probe = parse_banner(banner("5.1.9", program="ffprobe"))
    fork = parse_banner(
        "ffmpeg version 0.8.17-4:0.8.17-0ubuntu0.12.04.2, Copyright (c) 2000-2014 the Libav developers\n"
    )
    assert probe is not None
    assert fork is not None
    assert probe.program == "ffprobe"
    assert (fork.project, fork.version) == ("Libav", "0.8.17")


@pytest.mark.parametrize("text", ["", "\n\n", "hello", "ffmpeg version 5.1.9", f"ffmpeg {RIGHTS}", "usage: ffmpeg"])
def test_what_is_no_banner_is_none(text: str) -> None:
    assert parse_banner(text) is None


@settings(max_examples=200)
@given(
    st.one_of(
        st.text(),
        st.text(alphabet="n0123456789.-+gitabcdef N", max_size=60).map(banner),
        st.text(alphabet="0123456789./ ", max_size=40).map(lambda text: banner("N-1-gabcdef", f"libavutil {text}")),
    )
)
def test_no_text_breaks_the_reader(text: str) -> None:
    found = parse_banner(text)
    assert found is None or found.text
    listed = parse_encoders(text) | parse_filters(text) | parse_protocols(text) | parse_options(text)
    assert all(isinstance(name, str) for name in listed)


def test_the_lists_of_old_and_new_branches_are_read_without_their_legends() -> None:
    encoders = "Encoders:\n V..... = Video\n A..... = Audio\n ------\n V....D libx264    H.264\n A....D aac    AAC (Advanced)\n"
    old = "Filters:\n  T.. = Timeline support\n  ..C = Command support\n ... transpose         V->V       Transpose.\n"
    new = "Filters:\n  T.. = Timeline support\n  ------\n TS scale             V->V       Scale.\n .. amix    N->A  Mix.\n"
    assert parse_encoders(encoders) == {"libx264", "aac"}
    assert parse_filters(old) == {"transpose"}
    assert parse_filters(new) == {"scale", "amix"}


def test_what_a_build_was_configured_with_decides_on_its_license() -> None:
    text = banner("7.1").replace(
        "built with gcc 13.2.1", "configuration: --enable-gpl --enable-libx264 --enable-nonfree"
    )
    found = parse_banner(text)
    assert found is not None
    assert found.flags == ("--enable-gpl", "--enable-nonfree")
    plain = parse_banner(banner("7.1"))
    assert plain is not None
    assert plain.flags == ()


def test_protocols_decoders_and_options_are_read_without_what_stands_around_them() -> None:
    protocols = "Supported file protocols:\nInput:\n  file\n  https\nOutput:\n  file\n  rtmp\n"
    decoders = "Decoders:\n V..... = Video\n ------\n VF..BD h264                 H.264 (codec x)\n"
    old = (
        "Advanced options:\n-vsync              set video sync method globally; deprecated, use -fps_mode\n"
        "  -b                 <int64>      E..VA......\n"
    )
    new = "-c[:<stream_spec>] <codec>  select encoder\n-y                  overwrite\n     passthrough  0  E.. no option\n"
    assert parse_protocols(protocols) == {"file", "https", "rtmp"}
    assert parse_decoders(decoders) == {"h264"}
    assert parse_options(old) == {"b", "vsync"}
    assert parse_options(new) == {"c", "y"}
