"""Of two packages that write one module, whoever lost it is told, with what breaks and the way out."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from stackaudit.audit import apply
from stackaudit.checks.owners import modules_own
from stackaudit.model.audit import Case
from stackaudit.model.facts.environment import Distribution, InterpreterFact, ModuleClash
from stackaudit.model.facts.fact import Fact
from stackaudit.model.findings import Finding, Outcome, Severity
from stackaudit.model.manifest import Interpreter, Manifest, Requirement
from stackaudit.model.places import Place
from stackaudit.model.snapshot import Evidence, Look, Snapshot, Unseen

PYTHON = InterpreterFact(
    path=".venv/bin/python",
    version="3.11.7",
    implementation="CPython",
    platform="linux-x86_64",
    prefix="/srv/app/.venv",
    markers=(("python_full_version", "3.11.7"), ("python_version", "3.11"), ("sys_platform", "linux")),
    site_packages=(),
    virtual=True,
    pip=None,
)
FFMPEG, WRAPPER = "ffmpeg==1.4", "ffmpeg-python==0.2.0"
EMPTIED = ModuleClash(module="ffmpeg", owners=(FFMPEG, WRAPPER), intact=(FFMPEG,), files=1)
FILLED = replace(EMPTIED, intact=(WRAPPER,), hollow=(FFMPEG,))


def wrote(subject: str, *requires: str, listed: bool = True, url: str | None = None) -> Distribution:
    name, _, version = subject.partition("==")
    return Distribution(name=canonicalize_name(name), version=version, requires=requires, listed=listed, url=url)


def case(*facts: Fact, declared: Iterable[str] = (), unseen: Unseen | None = None) -> Case:
    manifest = Manifest(
        requirements=tuple(
            Requirement(
                name=canonicalize_name(name),
                specifier=SpecifierSet(),
                pin=None,
                where=Place(path="requirements.txt", line=3),
                direct=True,
            )
            for name in declared
        ),
        interpreter=Interpreter(path=PYTHON.path, where=Place(path="option --python")),
    )
    look = Look(
        probe="test",
        asked="",
        evidence=Evidence(tool="test"),
        facts=facts,
        unseen=unseen,
        yields=("Distribution", "InterpreterFact", "ModuleClash"),
    )
    snapshot = Snapshot(taken_at=datetime(2026, 11, 22, tzinfo=UTC), host="here", looks=(look,))
    return Case(manifest=manifest, snapshot=snapshot, matrix=None, today=date(2026, 11, 22))


def failed(judged: Case) -> list[Finding]:
    return [each for each in apply(modules_own, judged) if each.outcome is Outcome.FAIL]


def passed(judged: Case) -> set[str]:
    return {each.subject for each in apply(modules_own, judged) if each.outcome is Outcome.PASS}


BOTH = (PYTHON, wrote(FFMPEG), wrote(WRAPPER))


def the_finding(*facts: Fact, declared: Iterable[str] = ()) -> Finding:
    (found,) = failed(case(*facts, declared=declared))
    return found


def test_what_was_written_over_is_told_with_what_breaks_and_the_way_out() -> None:
    found = the_finding(*BOTH, EMPTIED, declared=["ffmpeg-python"])
    assert (found.subject, found.severity) == (WRAPPER, Severity.HIGH)
    assert found.message == (
        "ffmpeg 1.4 and ffmpeg-python 0.2.0 both write the module `ffmpeg`, 1 file of it differently: "
        "`import ffmpeg` gives ffmpeg 1.4's, and what ffmpeg-python 0.2.0 defines there is missing"
    )
    assert found.fix is not None
    assert "`pip uninstall ffmpeg && pip install --force-reinstall --no-deps ffmpeg-python==0.2.0`" in found.fix
    assert found.where is not None
    assert "pip check" in modules_own.why


def test_the_other_order_of_installing_is_told_too_but_nothing_is_called_missing() -> None:
    found = the_finding(*BOTH, FILLED, declared=["ffmpeg-python"])
    assert (found.subject, found.severity) == (FFMPEG, Severity.MEDIUM)
    assert "`import ffmpeg` gives ffmpeg-python 0.2.0's" in found.message
    assert "nothing is missing now, and the next install of ffmpeg 1.4 empties it" in found.message
    assert found.fix is not None
    assert "pip uninstall ffmpeg &&" in found.fix


def test_a_package_that_nothing_asks_for_is_no_more_than_medium() -> None:
    found = the_finding(*BOTH, EMPTIED)
    assert found.severity is Severity.MEDIUM
    assert found.fix is not None
    assert found.fix.startswith("keep one of them: ")
    assert found.fix.endswith("or the other way round")


def test_a_package_that_another_one_requires_is_high_and_kept() -> None:
    found = the_finding(*BOTH, wrote("thumbs==1.0", "ffmpeg-python>=0.2"), EMPTIED)
    assert found.severity is Severity.HIGH
    assert found.fix is not None
    assert found.fix.startswith("`pip uninstall ffmpeg && ")


def test_where_both_are_required_no_order_is_advised() -> None:
    askers = (wrote("thumbs==1.0", "ffmpeg-python"), wrote("clips==2.0", "ffmpeg"))
    found = the_finding(*BOTH, *askers, EMPTIED)
    assert found.fix is not None
    assert found.fix.startswith(
        "no order of installing helps, for all are required: ffmpeg (for clips) and ffmpeg-python (for thumbs)"
    )


def test_a_requirement_of_another_platform_makes_nothing_required() -> None:
    found = the_finding(*BOTH, wrote("thumbs==1.0", 'ffmpeg-python; sys_platform == "win32"'), EMPTIED)
    assert found.severity is Severity.MEDIUM


def test_where_nobody_has_all_files_each_owner_is_told() -> None:
    mixed = replace(EMPTIED, intact=(), files=3)
    found = failed(case(*BOTH, mixed))
    assert [each.subject for each in found] == [FFMPEG, WRAPPER]
    assert "3 files of it differently: none of them has all of its files there" in found[0].message
    assert found[0].cause == found[1].cause


def test_what_came_from_a_url_is_installed_from_there_again() -> None:
    url = "https://example.org/ffmpeg_python.whl"
    found = the_finding(PYTHON, wrote(FFMPEG), wrote(WRAPPER, url=url), EMPTIED, declared=["ffmpeg-python"])
    assert found.fix is not None
    assert f'--no-deps "ffmpeg-python @ {url}"' in found.fix


def test_tests_and_docs_at_the_top_are_nobodys() -> None:
    assert not failed(case(*BOTH, replace(EMPTIED, module="tests.unit")))


def test_only_a_package_that_lists_its_files_passes_and_the_others_are_named_once() -> None:
    judged = case(PYTHON, wrote(WRAPPER), wrote("system-thing==1", listed=False))
    assert passed(judged) == {WRAPPER}
    told = [each for each in apply(modules_own, judged) if each.outcome is not Outcome.PASS]
    assert [(each.outcome, each.subject) for each in told] == [(Outcome.UNCHECKABLE, PYTHON.subject)]
    assert "system-thing==1" in told[0].message


def test_the_winner_passes_and_the_loser_does_not() -> None:
    assert passed(case(*BOTH, EMPTIED)) == {FFMPEG}


def test_where_not_all_packages_could_be_listed_none_passes() -> None:
    unseen = Unseen(subject="", yields=("ModuleClash",), cause="a folder could not be listed", remedy="")
    assert passed(case(*BOTH, unseen=unseen)) == set()
