"""Module files that two distributions claim are found from RECORD files, and nothing else is taken for one."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from environments import write_distribution
from stackaudit.probes._claims import recorded
from stackaudit.target.read_environment import MOST_BYTES, clashes, read_distributions


def install(site: Path, name: str, files: Mapping[str, str], *, record: str | None = None) -> None:
    """Write `files` of one distribution, over whatever is there, with its RECORD."""
    lines = [f"{path},{recorded(text.encode())},{len(text)}" for path, text in files.items()]
    info = f"{name.replace('-', '_')}-1.dist-info"
    lines += [f"{info}/METADATA,,", f"{info}/RECORD,,"]
    text = "\n".join([*lines, ""]) if record is None else record
    write_distribution(site, name, "1", files={"RECORD": text})
    for path, content in files.items():
        (site / path).parent.mkdir(parents=True, exist_ok=True)
        (site / path).write_text(content, encoding="utf-8")


def told(*sites: Path) -> tuple[list[tuple[str, dict[str, bool]]], dict[str, bool]]:
    """The clashes as path and whose file lies on disk; and whose files are listed."""
    found: list[dict[str, Any]] = read_distributions([str(site) for site in sites])["distributions"]
    clashing = clashes(found)
    listed = {each["name"]: each["listed"] for each in found}
    return [(each["path"], {claim["name"]: claim["on_disk"] for claim in each["claims"]}) for each in clashing], listed


@pytest.mark.parametrize("order", [("alpha", "beta"), ("beta", "alpha")])
def test_whoever_was_installed_last_has_the_file_on_disk(tmp_path: Path, order: tuple[str, str]) -> None:
    for name in order:
        install(tmp_path, name, {"pkg/__init__.py": f"name = {name!r}\n", f"pkg/{name}.py": ""})
    last = order[-1]
    assert told(tmp_path) == (
        [("pkg/__init__.py", {"alpha": last == "alpha", "beta": last == "beta"})],
        {"alpha": True, "beta": True},
    )


def test_single_files_and_extension_modules_clash_too(tmp_path: Path) -> None:
    for name in ("alpha", "beta"):
        install(tmp_path, name, {"one.py": name, "deep/er/_c.cpython-311-x86_64-linux-gnu.so": name})
    assert [path for path, _ in told(tmp_path)[0]] == ["deep/er/_c.cpython-311-x86_64-linux-gnu.so", "one.py"]


def test_a_record_in_no_order_says_the_same(tmp_path: Path) -> None:
    install(tmp_path, "alpha", {"pkg/a.py": "1", "other.py": "", "pkg/b.py": "1"})
    install(tmp_path, "beta", {"pkg/b.py": "2", "more/x.py": "", "pkg/a.py": "2"})
    assert [path for path, _ in told(tmp_path)[0]] == ["pkg/a.py", "pkg/b.py"]


@pytest.mark.parametrize(
    "path",
    [
        "LICENSE",
        "pkg/data.json",
        "pkg/__pycache__/a.cpython-311.pyc",
        "pkg/stubs.pyi",
        "pkg-data/a.py",
        "../../bin/tool",
        "../../bin/tool.py",
    ],
)
def test_what_is_no_module_is_no_clash(tmp_path: Path, path: str) -> None:
    site = tmp_path / "lib" / "python" / "site-packages"
    for name in ("alpha", "beta"):
        install(site, name, {path: name})
    assert told(site)[0] == []


def test_equal_files_are_no_clash(tmp_path: Path) -> None:
    for name in ("alpha", "beta"):
        install(tmp_path, name, {"pkg/__init__.py": "same = 1\n"})
    assert told(tmp_path)[0] == []


def test_folders_with_no_file_in_common_are_no_clash(tmp_path: Path) -> None:
    for name in ("alpha", "beta"):
        install(tmp_path, name, {f"google/{name}.py": name})
    assert told(tmp_path)[0] == []


@pytest.mark.parametrize(
    "line",
    [
        "__path__ = __import__('pkgutil').extend_path(__path__, __name__)",
        "try:\n    import pkg_resources\n    pkg_resources.declare_namespace(__name__)\nexcept ImportError:\n    pass",
    ],
)
def test_a_folder_that_says_it_is_shared_is_no_clash(tmp_path: Path, line: str) -> None:
    for name in ("alpha", "beta"):
        install(tmp_path, name, {"google/__init__.py": f"# {name}\n{line}\n"})
    assert told(tmp_path)[0] == []


def test_of_two_folders_on_the_path_the_first_hides_the_other_and_nothing_is_written_over(tmp_path: Path) -> None:
    install(tmp_path / "one", "alpha", {"pkg.py": "1"})
    install(tmp_path / "two", "beta", {"pkg.py": "2"})
    assert told(tmp_path / "one", tmp_path / "two")[0] == []


def test_an_editable_install_claims_its_hook_alone(tmp_path: Path) -> None:
    install(tmp_path, "alpha", {"__editable__.alpha-1.pth": "/src\n", "__editable___alpha_1_finder.py": "x = 1\n"})
    install(tmp_path, "beta", {"pkg/__init__.py": "x = 2\n"})
    assert told(tmp_path) == ([], {"alpha": True, "beta": True})


def test_a_file_that_is_gone_belongs_to_nobody(tmp_path: Path) -> None:
    for name in ("alpha", "beta"):
        install(tmp_path, name, {"pkg.py": name})
    (tmp_path / "pkg.py").unlink()
    assert told(tmp_path)[0] == [("pkg.py", {"alpha": False, "beta": False})]


def test_other_hashes_than_sha256_are_held_against_the_file(tmp_path: Path) -> None:
    install(tmp_path, "alpha", {"pkg.py": "same"})
    other = "sha1=" + "a" * 27
    install(tmp_path, "beta", {"pkg.py": "same"}, record=f"pkg.py,{other},4\n")
    assert told(tmp_path)[0] == [("pkg.py", {"alpha": True, "beta": False})]


def test_no_record_or_no_hash_is_no_clash_but_not_listed_either(tmp_path: Path) -> None:
    install(tmp_path, "alpha", {"pkg.py": "1"})
    install(tmp_path, "beta", {"pkg.py": "2"}, record="pkg.py,,\n")
    install(tmp_path, "gamma", {"pkg.py": "3"}, record="")
    install(tmp_path, "delta", {"d.py": "3"}, record="d.py,,\n" * (MOST_BYTES // 7 + 1))
    _, listed = told(tmp_path)
    assert listed == {"alpha": True, "beta": False, "gamma": False, "delta": False}


def test_a_file_that_can_not_be_read_leaves_its_owners_unlisted(tmp_path: Path) -> None:
    for name in ("alpha", "beta"):
        install(tmp_path, name, {"pkg.py": name})
    (tmp_path / "pkg.py").unlink()
    (tmp_path / "pkg.py").mkdir()
    assert told(tmp_path) == ([("pkg.py", {})], {"alpha": False, "beta": False})


def test_what_was_put_into_a_wheel_is_known_by_where_it_lies(tmp_path: Path) -> None:
    bundled = {
        "opencv_python.libs/libssl-1b2c3d4e.so.1.1": "",
        "cv2/.dylibs/libavcodec.61.3.100.dylib": "",
        "imageio_ffmpeg/binaries/ffmpeg-linux-x86_64-v7.0.2": "",
    }
    install(tmp_path, "opencv", {**bundled, "cv2/__init__.py": "", "cv2/cv2.abi3.so": "", "cv2/libs/README": ""})
    install(tmp_path, "ffmpeg-python", {"ffmpeg/__init__.py": "", "ffmpeg/_run.py": ""})
    found = read_distributions([str(tmp_path)])["distributions"]
    clashes(found)
    told = {each["name"]: each["bundled"] for each in found}
    assert told == {"opencv": sorted(path.rpartition("/")[2] for path in bundled), "ffmpeg-python": []}
