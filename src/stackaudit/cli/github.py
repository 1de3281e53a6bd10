"""Adds the audit to the summary of the workflow step that runs us, where there is one."""

import os
import sys
from pathlib import Path

from stackaudit.cli.output import write
from stackaudit.model.audit import Audit
from stackaudit.model.secret import redact
from stackaudit.outside.files import append

VARIABLE = "GITHUB_STEP_SUMMARY"


def add_summary(audit: Audit) -> None:
    """Append `audit` as Markdown to the file that GITHUB_STEP_SUMMARY names; nothing where it names none.

    A file that can't be written is told and no more: the verdict is known by now, and the annotations have said it.
    """
    name = os.environ.get(VARIABLE)
    if not name:
        return
    from stackaudit.reports._summary import summary

    try:
        append(Path(name), redact(summary(audit)))
    except OSError as error:
        write(f"warning: {VARIABLE}: {name} can't be written: {error.strerror}\n", sys.stderr)
