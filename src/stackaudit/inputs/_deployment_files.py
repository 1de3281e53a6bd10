"""Finds the files that say how a project is deployed: to look for them needs none of what reads them."""

from pathlib import Path

COMPOSE = ("compose.yaml", "compose.yml", "docker-compose.yaml", "docker-compose.yml")
"""The names that Docker Compose itself looks for, in its order; each may have an `.override` beside it."""
_DOCKERFILES = ("Dockerfile", "Dockerfile.*", "*.Dockerfile", "Containerfile")
_OVERLAYS = ("docker-compose.*.y*ml", "compose.*.y*ml")
_NOT_DEPLOYED = frozenset({"ci", "dev", "development", "dockerignore", "example", "local", "sample", "test", "testing"})
"""Words in a file's name that say that nobody deploys it; the setting `deployment` names such a file all the same."""
MOST_FILES = 50


def deployment_files(folder: Path) -> tuple[Path, ...]:
    """The files in `folder` that say how the project is deployed, in the order in which they are read."""
    base = next((folder / name for name in COMPOSE if (folder / name).is_file()), None)
    overrides = [] if base is None else list(folder.glob(f"{base.name.split('.')[0]}.override.y*ml"))
    patterns = {path for name in (*_DOCKERFILES, *_OVERLAYS) for path in folder.glob(name)}
    others = sorted(each for each in patterns - {base, *overrides} if _is_deployed(each))
    env = folder / ".env"
    found = (*([env] if env.is_file() else ()), *([base] if base else ()), *overrides, *others)
    return tuple(each for each in found if each.is_file())[:MOST_FILES]


def _is_deployed(path: Path) -> bool:
    return not _NOT_DEPLOYED.intersection(path.name.lower().replace("-", ".").replace("_", ".").split("."))
