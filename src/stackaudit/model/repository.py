"""Where the audited files lie in their repository."""

import posixpath

from stackaudit.model.values import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """Two absolute folders: the repository's `root`, and the working `folder` that relative places count from."""

    root: str
    folder: str

    def path_of(self, path: str) -> str:
        """`path` as the repository names it (`services/api/requirements.txt`, `.` for its root); absolute where it lies outside."""
        absolute = posixpath.normpath(posixpath.join(self.folder, path))
        if absolute == self.root or absolute.startswith(self.root.rstrip("/") + "/"):
            return posixpath.relpath(absolute, self.root)
        return absolute
