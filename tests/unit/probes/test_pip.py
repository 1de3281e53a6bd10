"""pip's exit status 1 means conflicts, and it means that pip could not run: only what it printed tells the two apart."""

import pytest

from stackaudit.model.facts.conflicts import Conflict, PipCheck
from stackaudit.model.facts.environment import InterpreterFact
from stackaudit.outside.process import Completed, Ending
from stackaudit.probes.pip import LATE, Pip, answer_of, conflicts_in, passed_over, pips, remedy_for

OLD = """\
amqp 5.4.2 requires vine, which is not installed.
celery 5.4.0 has requirement billiard<5.0,>=4.2.0, but you have billiard 3.6.4.0.
fakepkg 1.0 has requirement kombu[redis]<5, but you have kombu 5.6.1.
"""
NEW = OLD + "fakepkg 1.0 is not supported on this platform\n"
PIP = Pip(whose="target", version="24.2", command=("python", "-m", "pip"), shown=("python", "-m", "pip"))


def completed(status: int | None, out: str = "", err: str = "", ending: Ending = Ending.EXITED) -> Completed:
    return Completed(ending=ending, exit_status=status, stdout=out.encode(), stderr=err.encode(), seconds=0.1)


def test_every_kind_of_line_is_read_in_old_and_new_pips() -> None:
    found = [(each.name, each.version, each.kind, each.needs, each.found) for each in conflicts_in(NEW)]
    assert found == [
        ("amqp", "5.4.2", "missing", "vine", None),
        ("celery", "5.4.0", "mismatch", "billiard<5.0,>=4.2.0", "3.6.4.0"),
        ("fakepkg", "1.0", "mismatch", "kombu[redis]<5", "5.6.1"),
        ("fakepkg", "1.0", "platform", "another platform", None),
    ]
    assert list(conflicts_in(OLD)) == list(conflicts_in(NEW))[:3]


def test_the_order_of_pips_lines_does_not_matter() -> None:
    backwards = "".join(reversed(NEW.splitlines(keepends=True)))
    assert answer_of(PIP, completed(1, NEW)) == answer_of(PIP, completed(1, backwards))


def test_names_are_compared_as_the_index_does() -> None:
    (found,) = conflicts_in("Fake_Pkg 1.0 requires vine, which is not installed.\n")
    assert found.name == "fake-pkg"


def test_a_token_in_a_url_requirement_is_not_told() -> None:
    line = "a 1 has requirement b@ https://ann:s3cret@host/b.whl, but you have b 2.\n"
    (found,) = conflicts_in(line)
    assert "s3cret" not in repr(found)
    assert isinstance(found, Conflict)


def test_the_sentence_of_success_is_an_answer() -> None:
    answer = answer_of(PIP, completed(0, "No broken requirements found.\n"))
    assert answer == PipCheck(pip_version="24.2", whose="target", conflicts=())


def test_packages_that_pip_passed_over_are_named() -> None:
    errors = (
        "WARNING: Error parsing dependencies of badmeta: Invalid version\n"
        "WARNING: Error parsing requirements for Old_Bad: [Errno 2] No such file\n"
        "DEPRECATION: celery 5.2.0 has a non-standard dependency specifier pytz>dev.\n"
    )
    assert passed_over(errors) == ("badmeta", "old-bad")
    answer = answer_of(PIP, completed(1, "", errors))
    assert isinstance(answer, PipCheck)
    assert answer.blind == ("badmeta", "old-bad")


@pytest.mark.parametrize(
    ("status", "out", "err"),
    [
        (1, "", "/usr/bin/python: No module named pip\n"),
        (1, "", "ERROR: Could not locate Python interpreter /gone\n"),
        (1, OLD, "Traceback (most recent call last):\n"),
        (1, "No broken requirements found.\n", ""),
        (0, OLD, ""),
        (0, "", ""),
        (2, OLD, ""),
        (None, "No broken requirements found.\n", ""),
    ],
)
def test_what_is_no_answer_is_not_taken_for_one(status: int | None, out: str, err: str) -> None:
    assert isinstance(answer_of(PIP, completed(status, out, err)), str)


def test_a_pip_that_is_too_new_for_the_target_says_so_in_our_words() -> None:
    error = "This version of pip does not support python 3.9 (requires >=3.10).\n"
    answer = answer_of(PIP, completed(1, "", error))
    assert answer == "the environment's own pip (24.2) looks at Python >=3.10 only"


def test_a_pip_that_never_ended_gave_no_answer() -> None:
    answer = answer_of(PIP, completed(None, "No broken requirements found.\n", ending=Ending.TIMED_OUT))
    assert answer == "the environment's own pip (24.2) was not done in its share of the audit's time"


@pytest.mark.parametrize(
    ("causes", "expected"),
    [
        ((LATE.format(who="one"), LATE.format(who="two")), "--timeout SECONDS"),
        ((LATE.format(who="one"), "two could not be started"), "install a pip in the environment"),
        ((), "install a pip in the environment"),
    ],
)
def test_where_every_pip_lacked_time_more_time_is_the_remedy(causes: tuple[str, ...], expected: str) -> None:
    assert expected in remedy_for("/srv/python", causes)


def target(version: str, pip: str | None, bundled: str | None) -> InterpreterFact:
    return InterpreterFact(
        path="/srv/python",
        version=version,
        implementation="CPython",
        platform="linux-x86_64",
        prefix="/srv",
        markers=(),
        site_packages=(),
        virtual=True,
        pip=pip,
        bundled_pip=bundled,
    )


WHEEL = "/usr/lib/ensurepip/_bundled/pip-23.0.1-py3-none-any.whl"


@pytest.mark.parametrize(
    ("fact", "expected"),
    [
        (target("3.11.7", "23.2", WHEEL), ["target", "ours", "bundled"]),
        (target("3.13.0", None, WHEEL), ["ours", "bundled"]),
        (target("3.9.18", None, WHEEL), ["bundled"]),
        (target("3.9.18", "23.0.1", WHEEL), ["target", "bundled"]),
        (target("3.8.18", None, None), []),
    ],
)
def test_the_targets_own_pip_comes_first_and_ours_never_looks_at_what_it_refuses(
    fact: InterpreterFact, expected: list[str]
) -> None:
    assert [pip.whose for pip in pips(fact)] == expected


def test_the_bundled_pip_is_run_from_its_wheel_and_isolated() -> None:
    (pip,) = pips(target("3.9.18", None, WHEEL))
    assert (pip.version, pip.command) == ("23.0.1", ("/srv/python", "-I", f"{WHEEL}/pip"))
