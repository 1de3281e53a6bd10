"""The installed command, run as a user runs it."""

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

COMMAND = str(Path(sys.executable).parent / "stackaudit")
Run = Callable[..., subprocess.CompletedProcess[str]]

# What a developer's shell may hold must not decide a test.
CLEAN = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith(("STACKAUDIT_", "CELERY_", "REDIS_", "BROKER_", "VIRTUAL_ENV", "NO_COLOR", "FORCE_COLOR"))
}
# Nor what their mirror of advisories does.
CLEAN["XDG_DATA_HOME"] = "/dev/null/none"
