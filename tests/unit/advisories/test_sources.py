"""Where advisories come from is what the setting says, and offline allows only what is at hand."""

from dataclasses import replace

import pytest

from stackaudit.advisories.sources import Kind, chosen
from stackaudit.model.manifest import Manifest, Setting, SettingValue
from stackaudit.model.places import Place

HERE = Place(path="default")


def manifest(advisories: str | None, *, offline: bool = False) -> Manifest:
    values: dict[str, SettingValue] = {"advisories": advisories, "offline": offline}
    return Manifest(settings=tuple(Setting(name=name, value=value, where=HERE) for name, value in values.items()))


@pytest.mark.parametrize(
    ("setting", "kinds"),
    [
        (None, [Kind.OSV, Kind.PYPI]),
        ("auto", [Kind.OSV, Kind.PYPI]),
        ("osv", [Kind.OSV]),
        ("pypi", [Kind.PYPI]),
        ("https://osv.example.org/", [Kind.OSV]),
        ("copy.zip", [Kind.LOCAL]),
    ],
)
def test_the_setting_chooses_the_sources_in_their_order(setting: str | None, kinds: list[Kind]) -> None:
    assert [each.kind for each in chosen(manifest(setting))] == kinds


@pytest.mark.parametrize("setting", ["auto", "osv", "pypi", "https://osv.example.org", "http://10.0.0.7:8080"])
def test_offline_asks_nobody_on_the_network(setting: str) -> None:
    assert chosen(manifest(setting, offline=True)) == ()


@pytest.mark.parametrize("setting", ["http://127.0.0.1:8080", "http://localhost:8080/", "http://[::1]:80", "copy"])
def test_offline_asks_what_is_on_this_machine(setting: str) -> None:
    assert len(chosen(manifest(setting, offline=True))) == 1


def test_the_mirror_comes_last_and_offline_it_is_all_there_is() -> None:
    there = Setting(name="mirror", value=True, where=HERE)
    online, alone = manifest("auto"), manifest("auto", offline=True)
    given = [replace(each, settings=(*each.settings, there)) for each in (online, alone)]
    assert [[source.name for source in chosen(each)] for each in given] == [
        ["OSV", "PyPI", "the local mirror"],
        ["the local mirror"],
    ]


@pytest.mark.parametrize("setting", ["osv", "pypi", "https://osv.example.org"])
def test_offline_the_mirror_stands_in_for_a_source_on_the_network_and_online_for_none(setting: str) -> None:
    there = Setting(name="mirror", value=True, where=HERE)
    asked_for, offline = manifest(setting), manifest(setting, offline=True)
    (only,) = chosen(replace(offline, settings=(*offline.settings, there)))
    assert only.mirror
    (named,) = chosen(replace(asked_for, settings=(*asked_for.settings, there)))
    assert not named.mirror


@pytest.mark.parametrize("setting", ["copy.zip", "http://127.0.0.1:8080"])
def test_offline_a_source_on_this_machine_is_asked_and_no_other(setting: str) -> None:
    there = Setting(name="mirror", value=True, where=HERE)
    asked_for = manifest(setting, offline=True)
    (only,) = chosen(replace(asked_for, settings=(*asked_for.settings, there)))
    assert not only.mirror


def test_a_name_that_only_looks_like_this_machine_is_on_the_network() -> None:
    assert chosen(manifest("http://127.0.0.1.example.org", offline=True)) == ()
    assert chosen(manifest("http://127.0.0.1@example.org", offline=True)) == ()


def test_the_password_of_a_service_is_not_in_its_name() -> None:
    (source,) = chosen(manifest("https://me:hunter2@osv.example.org?token=s3cret"))
    assert source.address.reveal() == "https://me:hunter2@osv.example.org?token=s3cret"
    assert "hunter2" not in f"{source} {source.name}"
    assert "s3cret" not in f"{source} {source.name}"
