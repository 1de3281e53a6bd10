"""The names of the environment variables that belong to the stack, and which lines of files may hold values of such."""

import re

PREFIXES = (
    "AMQP_",
    "AV_LOG_FORCE_",
    "BILLIARD_",
    "BROKER_",
    "CELERYBEAT_",
    "CELERYD_",
    "CELERYEV_",
    "CELERY_",
    "FFMPEG_",
    "FFPROBE_",
    "KOMBU_",
    "REDIS_",
)
NAMES = frozenset({"C_FORCE_ROOT", "FFREPORT", "REMAP_SIGTERM"})

BROKER_NAMES = frozenset({"BROKER_URL", "CELERY_BROKER_READ_URL", "CELERY_BROKER_URL", "CELERY_BROKER_WRITE_URL"})
"""Those that name the broker, to Celery itself or to its command line."""

FORCED_ROOT = "C_FORCE_ROOT"


_SETTING = re.compile(r"(?i:\s*(?:-\s*)?(?:ENV|ARG)\s)|.*[A-Z][A-Z0-9_]{2,}[\"']?\s*[=:]")


def may_hold_values(path: str, line: str) -> bool:
    """Whether `line` of the file at `path` may set environment variables: their values are secrets, and it is shown to nobody."""
    name = path.rpartition("/")[2].lower()
    if name.startswith(".env") or name.endswith(".env"):
        return True
    deployed = name.endswith((".yml", ".yaml", ".dockerfile")) or name.startswith(("dockerfile", "containerfile"))
    return deployed and _SETTING.match(line) is not None


def looks_like_ours(name: str) -> bool:
    """Whether the variable is named like one of the stack's."""
    return name in NAMES or name.startswith(PREFIXES)
