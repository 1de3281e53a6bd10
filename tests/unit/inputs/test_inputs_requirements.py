from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.markers import Marker
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from stackaudit.inputs import requirements
from stackaudit.inputs._declared import Declared
from stackaudit.inputs._pip_lines import decode, logical_lines
from stackaudit.inputs._requirement import read_requirement
from stackaudit.model.errors import Fault
from stackaudit.model.manifest import Requirement
from stackaudit.model.places import Place
from unit.inputs.reading import PROJECTS, on_python, one, pins, places, told


def read_text(folder: Path, text: str, environ: dict[str, str] | None = None) -> Declared:
    path = folder / "requirements.txt"
    path.write_bytes(text.encode())
    return requirements.read(path, folder, environ or {})


def test_every_wrong_line_of_a_file_is_told_with_its_place() -> None:
    folder = PROJECTS / "wrong-lines"
    declared = requirements.read(folder / "requirements.txt", folder, {})
    assert told(declared.faults) == [
        "requirements.txt:3: `=5.3.4` is not a version specifier for kombu",
        "requirements.txt:4: `==5.0.x` is not a version specifier for redis",
        "requirements.txt:5: `missing.txt`: there is no such file",
        "requirements.txt:6: `--frobnicate` is no option of a requirements file",
        "requirements.txt:7: the marker `python_version >` can't be read",
        "requirements.txt:10: the name of the package behind this URL is not given",
        "requirements.txt:11: pip ignores `amqp`, since it stands after an option",
        "requirements.txt:13: there is no folder or file `./no-such-folder`",
        "requirements.txt:14: no version of vine can be <4,>=5",
        "requirements.txt:12: `celery==5.5.0` contradicts `celery==5.4.0` of requirements.txt:2",
    ]
    assert declared.faults[0].hint == "a version is pinned with `==`"


def test_the_right_lines_of_a_faulty_file_are_read_all_the_same() -> None:
    folder = PROJECTS / "wrong-lines"
    declared = requirements.read(folder / "requirements.txt", folder, {})
    assert str(one(declared, "vine").pin) == "5.1.0"
    assert one(declared, "vine").where == Place(path="requirements.txt", line=8)


def test_a_constraint_pins_what_is_required_and_adds_nothing() -> None:
    folder = PROJECTS / "pinned-by-constraints"
    declared = requirements.read(folder / "requirements.txt", folder, {})
    assert declared.faults == ()
    assert declared.sources == ("requirements.txt", "constraints.txt", "base.txt")
    celery = one(declared, "celery")
    assert (str(celery.pin), celery.extras, str(celery.where)) == ("5.4.0", ("redis",), "constraints.txt:1")
    assert str(one(declared, "redis").where) == "base.txt:1"
    assert "vine" not in pins(declared)


def test_a_constraint_with_a_marker_narrows_only_where_it_holds() -> None:
    folder = PROJECTS / "pinned-by-constraints"
    declared = requirements.read(folder / "requirements.txt", folder, {})
    assert on_python(declared, "3.11.4")["kombu"] == "5.3.4"
    assert on_python(declared, "3.9.2")["kombu"] == "None"
    assert len([each for each in declared.requirements if each.name == "kombu"]) == 2


def test_a_constraint_that_contradicts_is_a_fault_at_the_constraint(tmp_path: Path) -> None:
    (tmp_path / "c.txt").write_text("kombu<5.4\n")
    declared = read_text(tmp_path, "-c c.txt\nkombu==5.5.0\n")
    assert told(declared.faults) == ["c.txt:1: `kombu<5.4` contradicts `kombu==5.5.0` of requirements.txt:2"]


@pytest.mark.parametrize(
    "line",
    ["celery[redis]==5.4.0", "-e git+https://git.example/celery.git#egg=celery", "https://files.example/master.zip"],
)
def test_what_pip_refuses_as_a_constraint_is_a_fault(tmp_path: Path, line: str) -> None:
    (tmp_path / "c.txt").write_text(f"\n{line}\n")
    assert places(read_text(tmp_path, "-c c.txt\ncelery\n").faults) == ["c.txt:2"]


def test_contradictory_pins_for_different_pythons_are_no_fault(tmp_path: Path) -> None:
    text = "kombu==5.2.4 ; python_version < '3.10'\nkombu==5.5.0 ; python_version >= '3.10'\n"
    declared = read_text(tmp_path, text)
    assert declared.faults == ()
    assert on_python(declared, "3.9.1") == {"kombu": "5.2.4"}
    assert on_python(declared, "3.12.1") == {"kombu": "5.5.0"}


@pytest.mark.parametrize(
    ("line", "pin"),
    [
        ("a==1.0", "1.0"),
        ("a===1.0", "1.0"),
        ("a == 1.0, >0.5", "1.0"),
        ("a (==1.0)", "1.0"),
        ("a==1!2.0.post1", "1!2.0.post1"),
        ("a==1.0rc1", "1.0rc1"),
        ("a==1.0+local.1", "1.0+local.1"),
        ("a==1.*", None),
        ("a===nonsense", None),
        ("a>=1.0,<=1.0", None),
        ("a~=1.0", None),
        ("a", None),
        ("a @ https://files.example/a-1.5-py3-none-any.whl", "1.5"),
        ("a @ https://files.example/a-1.5.tar.gz#sha256=00", "1.5"),
        ("a @ https://files.example/b-1.5-py3-none-any.whl", None),
        ("a @ https://files.example/archive/v1.5.tar.gz", None),
        ("https://files.example/a-1.5-py3-none-any.whl ; python_version > '3'", "1.5"),
        ("./wheels/a-1.5-py3-none-any.whl[x]", "1.5"),
        ("git+https://git.example/a.git@v1.5#egg=a", None),
        ("-e git+ssh://git@git.example/a.git#egg=a[x]&subdirectory=y", None),
        ("-e a@git+https://git.example/a.git", None),
        ("a==1.0 --hash=sha256:00 --hash sha256:11", "1.0"),
        ("a==1.0 --config-settings=x=y", "1.0"),
        ("a==1.0 # why", "1.0"),
    ],
)
def test_a_pin_is_what_admits_one_version(tmp_path: Path, line: str, pin: str | None) -> None:
    declared = read_text(tmp_path, line + "\n")
    assert declared.faults == ()
    assert pins(declared) == {"a": pin}


def test_an_url_without_a_name_is_counted_and_no_fault(tmp_path: Path) -> None:
    declared = read_text(tmp_path, "celery\nhttps://files.example/master.zip\n")
    assert declared.faults == ()
    assert declared.unnamed == (Place(path="requirements.txt", line=2),)


def test_a_local_folder_is_named_by_its_project(tmp_path: Path) -> None:
    library = tmp_path / "libs" / "models"
    library.mkdir(parents=True)
    (library / "pyproject.toml").write_text('[project]\nname = "Thumbnail_Models"\n')
    declared = read_text(tmp_path, "-e ./libs/models[gpu]\n")
    found = one(declared, "thumbnail-models")
    assert (found.pin, found.extras, found.source) == (None, ("gpu",), "./libs/models")


def test_files_that_include_each_other_are_read_once(tmp_path: Path) -> None:
    (tmp_path / "b.txt").write_text("-r requirements.txt\n-r b.txt\nvine==5.1.0\n")
    declared = read_text(tmp_path, "-r b.txt\n--requirement=b.txt\ncelery==5.4.0\n")
    assert declared.faults == ()
    assert [each.name for each in declared.requirements] == ["vine", "celery"]


def test_an_included_file_is_found_beside_the_file_that_includes_it(tmp_path: Path) -> None:
    folder = tmp_path / "requirements"
    folder.mkdir()
    (folder / "base.txt").write_text("celery==5.4.0\n")
    (folder / "prod.txt").write_text("-rbase.txt\n")
    declared = requirements.read(folder / "prod.txt", tmp_path, {})
    assert str(one(declared, "celery").where) == "requirements/base.txt:1"


def test_a_file_outside_of_the_working_directory_keeps_its_path(tmp_path: Path) -> None:
    work = tmp_path / "work"
    work.mkdir()
    (tmp_path / "requirements.txt").write_text("celery\n")
    declared = requirements.read(tmp_path / "requirements.txt", work, {})
    assert declared.sources == (str(tmp_path / "requirements.txt"),)


def test_only_upper_case_variables_that_are_set_are_filled_in(tmp_path: Path) -> None:
    text = "celery==${CELERY_VERSION}\nkombu==${UNSET}\nredis==${lower}\n"
    declared = read_text(tmp_path, text, {"CELERY_VERSION": "5.4.0", "lower": "5"})
    assert pins(declared) == {"celery": "5.4.0"}
    assert places(declared.faults) == ["requirements.txt:2", "requirements.txt:3"]


SECRETS = (
    "--index-url https://builder:hush-hush@index.example/simple",
    "--extra-index-url https://hush-hush@index.example/simple?token=hush-hush",
    "--extra-index-url https://builder:hu/hush-hush@index.example/simple",
    "--index-url 'https://builder:hush-hush@index.example/simple",
    "a @ https://builder:hush-hush@files.example/a-1.0-py3-none-any.whl?token=hush-hush",
    "b @ https://builder:x/hush-hush@files.example/b.zip",
    "-e git+https://hush-hush@git.example/c.git#egg=c",
    "https://builder:hush-hush@files.example/d.zip",
    "e @ https://builder:hush-hush@files.example/e.zip ; nonsense",
    "f => https://builder:hush-hush@files.example/f.zip",
    "-r https://builder:hush-hush@files.example/more.txt",
    "-e https://builder:hush-hush@files.example/g.zip",
    "h==${TOKEN}",
    "i @ https://builder:${TOKEN}@files.example/i.zip",
    "${TOKEN}",
    "-r ${TOKEN}/x.txt",
    "--pre https://builder:hush-hush@files.example/j.zip",
    "",
)


def test_no_secret_of_a_line_is_in_a_requirement_or_a_fault(tmp_path: Path) -> None:
    declared = read_text(tmp_path, "\n".join(SECRETS), {"TOKEN": "hush-hush!"})
    assert len(declared.faults) >= 8
    assert {"a", "b", "c", "i"} <= set(pins(declared))
    assert "hush-hush" not in repr(declared)


@pytest.mark.parametrize("mark", ["", "\ufeff"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be", "utf-32-le"])
def test_line_ends_and_byte_order_marks_change_nothing(tmp_path: Path, mark: str, end: str, encoding: str) -> None:
    if not mark and encoding != "utf-8":
        return
    text = end.join(["# Pins", "celery==5.4.0 \\", "    --hash=sha256:00", "", "kombu==5.3.4  # é"])
    path = tmp_path / "requirements.txt"
    path.write_bytes((mark + text).encode(encoding))
    declared = requirements.read(path, tmp_path, {})
    assert declared.faults == ()
    assert [(each.name, str(each.where)) for each in declared.requirements] == [
        ("celery", "requirements.txt:2"),
        ("kombu", "requirements.txt:5"),
    ]


def test_a_coding_comment_is_believed(tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    path.write_bytes("# -*- coding: latin-1 -*-\ncelery==5.4.0 # é\n".encode("latin-1"))
    assert pins(requirements.read(path, tmp_path, {})) == {"celery": "5.4.0"}


def test_what_is_not_utf_8_is_a_fault_at_its_line(tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    path.write_bytes(b"celery==5.4.0\nkombu==5.3.4 # \xe9\n")
    declared = requirements.read(path, tmp_path, {})
    assert told(declared.faults) == ["requirements.txt:2: is not UTF-8"]


def test_an_unknown_coding_comment_is_a_fault(tmp_path: Path) -> None:
    declared = read_text(tmp_path, "# coding: klingon\ncelery\n")
    assert told(declared.faults) == ["requirements.txt: is said to be in 'klingon', which Python does not know"]


def test_a_file_that_is_too_large_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    with path.open("wb") as stream:
        stream.truncate(21 * 1024 * 1024)
    declared = requirements.read(path, tmp_path, {})
    assert told(declared.faults) == ["requirements.txt: is larger than 20 MB, which no list of requirements is"]


NAMES = st.from_regex(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,8}[A-Za-z0-9])?", fullmatch=True)
VERSIONS = st.from_regex(r"[0-9]{1,2}(?:\.[0-9]{1,2}){0,2}(?:rc[0-9]|\.post[0-9])?", fullmatch=True)
CLAUSES = st.builds(str.__add__, st.sampled_from(["==", ">=", "<=", "!=", ">", "<", "==="]), VERSIONS)
MARKERS = st.sampled_from(
    ["", "python_version < '3.10'", "sys_platform == \"win32\" or extra == 'x'", "'linux' in sys_platform"]
)


@settings(max_examples=80)
@given(name=NAMES, extras=st.lists(NAMES, max_size=3), clauses=st.lists(CLAUSES, max_size=2), marker=MARKERS)
def test_what_a_line_says_survives_reading(name: str, extras: list[str], clauses: list[str], marker: str) -> None:
    line = name + (f"[{','.join(extras)}]" if extras else "") + ",".join(clauses) + (f" ; {marker}" if marker else "")
    place = Place(path="requirements.txt", line=1)
    found = read_requirement(line, place)
    if isinstance(found, Fault):
        assert SpecifierSet(",".join(clauses)).is_unsatisfiable()
        return
    assert found.name == canonicalize_name(name)
    assert set(found.extras) == {canonicalize_name(each) for each in extras}
    assert found.specifier == SpecifierSet(",".join(clauses))
    assert found.marker == (str(Marker(marker)) if marker else None)
    assert found.where == place


PLAIN = st.builds(lambda name, version: f"{name}=={version}", NAMES, VERSIONS)
LINES = st.one_of(
    PLAIN,
    st.builds(lambda line: f"{line} \\\n  --hash=sha256:00", PLAIN),
    st.builds(lambda line: f"{line}  # why", PLAIN),
    st.builds(lambda line: f"{line} ; python_version > '3'", PLAIN),
    st.sampled_from(
        ["", "# a comment", "--pre", "--no-binary :all:", "  ", "# ends in \\", "--index-url https://x.example"]
    ),
)


@settings(max_examples=60)
@given(lines=st.lists(LINES, max_size=12), end=st.sampled_from(["\n", "\r\n"]))
def test_pins_and_lines_are_those_that_pips_own_parser_finds(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], end: str
) -> None:
    from pip_requirements_parser import RequirementsFile

    folder = tmp_path_factory.mktemp("lines")
    path = folder / "requirements.txt"
    path.write_bytes(end.join("\n".join(lines).split("\n")).encode())
    theirs = [
        (canonicalize_name(each.name), each.line_number, str(each.specifier))
        for each in RequirementsFile.from_file(str(path)).requirements
    ]
    ours = requirements.read(path, folder, {}).requirements
    assert [(each.name, each.where.line, str(each.specifier)) for each in ours] == theirs


def test_a_thousand_hashed_lines_are_read(tmp_path: Path) -> None:
    text = "".join(f"package-{n}==1.{n} \\\n    --hash=sha256:{'0' * 64}\n" for n in range(1000))
    declared = read_text(tmp_path, text)
    assert len(declared.requirements) == 1000
    assert declared.requirements[-1].where.line == 1999


def test_variables_are_quoted_as_they_are_written() -> None:
    content = decode(b"a==${TOKEN}\n", Place(path="requirements.txt"))
    assert isinstance(content, str)
    (line,) = logical_lines(content, {"TOKEN": "1.0"})
    assert (line.text, line.written) == ("a==1.0", "a==${TOKEN}")


def test_requirements_are_never_told_private(tmp_path: Path) -> None:
    declared = read_text(tmp_path, "--index-url https://index.example/simple\ncelery==5.4.0\n")
    assert one(declared, "celery") == Requirement(
        name=canonicalize_name("celery"),
        specifier=SpecifierSet("==5.4.0"),
        pin=one(declared, "celery").pin,
        where=Place(path="requirements.txt", line=2),
    )


@pytest.mark.parametrize(
    "line",
    [
        "a @ http://[1]/a.zip ; python_version < '3. \\'",
        "http://[1]/a.zip",
        "-r \0.txt",
        "a ; python_version < 'x\\y'",
        "--hash",
        "--index-url 'x",
        "--require",
        "--pre=1",
        "-x",
        "e @",
        "-e ssh:",
    ],
)
def test_strange_lines_are_faults_at_their_place(tmp_path: Path, line: str) -> None:
    assert places(read_text(tmp_path, f"celery\n{line}\n").faults) == ["requirements.txt:2"]


def test_a_folder_that_links_to_itself_is_walked_once(tmp_path: Path) -> None:
    (tmp_path / "again").symlink_to(tmp_path)
    declared = read_text(tmp_path, "-r again/requirements.txt\ncelery\n")
    assert declared.faults == ()
    assert pins(declared) == {"celery": None}


@settings(max_examples=150)
@given(data=st.text(alphabet=st.sampled_from("ab=.<>[]@;:/#-\\${}A'\" \n\r\0re"), max_size=60))
def test_no_text_is_too_strange_to_be_read(tmp_path_factory: pytest.TempPathFactory, data: str) -> None:
    declared = read_text(tmp_path_factory.mktemp("strange"), data, {"A": "a"})
    assert all(each.where.line for each in declared.faults)
