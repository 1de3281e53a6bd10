"""A waiver that nobody could answer for later is refused, at its line."""

from datetime import date
from pathlib import Path

import pytest

from stackaudit.inputs.settings import resolve
from stackaudit.model.errors import InputError

WHOLE = """[tool.stackaudit]
fail-on = "high"

[[tool.stackaudit.waiver]]
advisory = "CVE-2025-50817"
package = "Future"
reason = "ffmpeg-python imports it and nothing calls the part"
owner = "ann"
until = 2027-01-31
"""


def read(folder: Path, text: str) -> None:
    (folder / ".git").mkdir(exist_ok=True)
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")


def faults(folder: Path, text: str) -> list[str]:
    read(folder, text)
    with pytest.raises(InputError) as caught:
        resolve({}, {}, folder)
    return [f"{each}{f' ({each.hint})' if each.hint else ''}" for each in caught.value.faults]


def test_a_whole_one_is_read_with_its_place(tmp_path: Path) -> None:
    read(tmp_path, WHOLE)
    (waiver,) = resolve({}, {}, tmp_path).waivers
    assert (waiver.advisory, waiver.package, waiver.owner) == ("CVE-2025-50817", "future", "ann")
    assert waiver.until == date(2027, 1, 31)
    assert str(waiver.where) == "pyproject.toml:4"


def test_a_date_in_quotes_is_one_and_until_fixed_has_none(tmp_path: Path) -> None:
    read(tmp_path, WHOLE.replace("2027-01-31", '"2027-01-31"'))
    assert resolve({}, {}, tmp_path).waivers[0].until == date(2027, 1, 31)
    read(tmp_path, WHOLE.replace("2027-01-31", '"until-fixed"'))
    assert resolve({}, {}, tmp_path).waivers[0].until is None


def test_a_file_of_our_own_holds_them_at_its_top(tmp_path: Path) -> None:
    (tmp_path / "stackaudit.toml").write_text(
        '[[waiver]]\nrule = "EN101"\nsubject = "account root"\nreason = "one"\nowner = "a"\nuntil = 2027-01-01\n',
        encoding="utf-8",
    )
    (waiver,) = resolve({}, {}, tmp_path).waivers
    assert (waiver.rule, waiver.subject) == ("EN101", "account root")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("owner =", "ower =", "pyproject.toml:8: unknown key `tool.stackaudit.waiver[1].ower` (did you mean `owner`?)"),
        ("owner =", "ower =", "pyproject.toml:4: `owner` is missing from `tool.stackaudit.waiver[1]`"),
        ("until = 2027-01-31\n", "", "pyproject.toml:4: `until` is missing from `tool.stackaudit.waiver[1]`"),
        ("2027-01-31", '"soon"', "pyproject.toml:9: `tool.stackaudit.waiver[1].until` must be a date"),
        ("2027-01-31", "2027-01-31T10:00:00", "must be a date with no time"),
        ("2027-01-31", "2027", "must be a date"),
        ("ffmpeg-python imports it and nothing calls the part", "", "pyproject.toml:7: `tool.stackaudit.waiver[1].reason` is empty"),
        ("ffmpeg-python imports it and nothing calls the part", " T.B.D. ", "pyproject.toml:7: `T.B.D.` is no reason"),
        ("ffmpeg-python imports it and nothing calls the part", "n/a", "`n/a` is no reason"),
        ("ffmpeg-python imports it and nothing calls the part", "...", "`...` is no reason"),
        ('"ann"', '" "', "pyproject.toml:8: `tool.stackaudit.waiver[1].owner` is empty"),
        ('advisory = "CVE-2025-50817"', "", "a waiver names one `rule` or one `advisory`"),
        ('package = "Future"', 'rule = "MX101"', "a waiver names one `rule` or one `advisory`"),
        ("CVE-2025-50817", "that one", "`that one` is no advisory's id"),
        ("Future", "future==1.0.0", 'is no package\'s name (for one version alone: subject = "future==1.0.0")'),
        ('advisory = "CVE-2025-50817"', 'rule = "AU103"', "can't be waived"),
        ('advisory = "CVE-2025-50817"', 'rule = "all"', "`all` is no rule's code"),
        ("package =", "path = '../x'\npackage =", "`path` counts from the folder of this file"),
        ("package =", "subject = 'future==1.0.0'\npackage =", "a `package` or a `subject`, not both"),
        ('package = "Future"', 'subject = "*"', "pyproject.toml:6: `*` covers nothing: a `subject` is no pattern"),
        ("[[tool.stackaudit.waiver]]", "[tool.stackaudit.waiver]", "write [[tool.stackaudit.waiver]], with two brackets"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_with_its_line(tmp_path: Path, old: str, new: str, said: str) -> None:
    assert old in WHOLE
    found = faults(tmp_path, WHOLE.replace(old, new))
    assert any(said in each for each in found), found


def test_a_rule_is_waived_for_a_subject_and_never_as_a_whole(tmp_path: Path) -> None:
    text = WHOLE.replace('advisory = "CVE-2025-50817"', 'rule = "VU101"')
    read(tmp_path, text)
    resolve({}, {}, tmp_path)
    assert "a waiver of a rule names the `package`" in faults(tmp_path, text.replace('package = "Future"\n', ""))[0]


def test_until_fixed_is_for_advisories(tmp_path: Path) -> None:
    text = WHOLE.replace('advisory = "CVE-2025-50817"', 'rule = "MX207"').replace("2027-01-31", '"until-fixed"')
    assert "`until-fixed` is for advisories" in faults(tmp_path, text)[0]


def test_a_second_one_of_the_same_is_refused(tmp_path: Path) -> None:
    second = WHOLE[WHOLE.index("[[") :].replace("CVE-2025", "cve-2025").replace("Future", "future")
    assert faults(tmp_path, WHOLE + second) == [
        "pyproject.toml:10: a second waiver of cve-2025-50817 for future: the first is at line 4 (keep one of the two)"
    ]


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    text = WHOLE.replace('fail-on = "high"', 'fial-on = "high"').replace("reason =", "reson =")
    assert len(faults(tmp_path, text)) == 3
