"""The document of a stored record, to the byte."""

from dataclasses import replace
from pathlib import Path

from stackaudit.inputs import records
from stackaudit.model.edition import Edition
from stackaudit.reports import markdown

SNAPSHOTS = Path(__file__).parent.parent.parent / "snapshots"


def test_the_document_of_the_stored_record_is_the_stored_one() -> None:
    saved = records.read_saved(SNAPSHOTS / "stack.json", SNAPSHOTS)
    # Where it is meant to be another one now: write it over the stored one, and read the difference.
    audit = replace(saved.audit, edition=Edition(digest=saved.digest))
    assert markdown.render(audit) == (SNAPSHOTS / "stack.md").read_text(encoding="utf-8")
