"""Which release branch of ffmpeg a library's version belongs to."""

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
