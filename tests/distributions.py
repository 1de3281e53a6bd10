"""Wheels and source archives made in memory, and how an index lists them."""

import gzip
import hashlib
import io
import tarfile
import zipfile
from collections.abc import Sequence
from typing import Any


def metadata(name: str, version: str, *lines: str, form: str = "2.1") -> bytes:
    """The core metadata of a release; `lines` are more fields, such as `Requires-Dist: vine`."""
    return "\n".join(
        [f"Metadata-Version: {form}", f"Name: {name}", f"Version: {version}", *lines, "", "About."]
    ).encode()


def wheel_of(name: str, version: str, content: bytes, *, more: Sequence[tuple[str, bytes]] = ()) -> bytes:
    """A wheel with that METADATA, and more members."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{name}/__init__.py", b"")
        archive.writestr(f"{name}-{version}.dist-info/METADATA", content)
        for member, body in more:
            archive.writestr(member, body)
    return file.getvalue()


def source_of(name: str, version: str, content: bytes, *, before: int = 0) -> bytes:
    """A source archive with that PKG-INFO, after a member of `before` zeros."""
    file = io.BytesIO()
    with gzip.GzipFile(fileobj=file, mode="wb", mtime=0) as packed, tarfile.open(fileobj=packed, mode="w") as archive:
        for member, body in ((f"{name}-{version}/zeros", bytes(before)), (f"{name}-{version}/PKG-INFO", content)):
            info = tarfile.TarInfo(member)
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
    return file.getvalue()


def listed(filename: str, content: bytes, uploaded: str, **more: Any) -> dict[str, Any]:
    """How an index lists the file; it is served by `IndexService(contents={filename: content})`."""
    return {
        "filename": filename,
        "url": f"../../files/{filename}",
        "hashes": {"sha256": hashlib.sha256(content).hexdigest()},
        "size": len(content),
        "upload-time": uploaded,
        **more,
    }
