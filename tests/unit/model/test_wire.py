"""What travels on the wire arrives as it was, and no secret travels unless it is meant to."""

import inspect
import json
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version

from stackaudit.model.facts.advised import Advisory, Audited
from stackaudit.model.facts.fact import Fact
from stackaudit.model.facts.programs import Program, ProgramState
from stackaudit.model.facts.published import Release, Resolution
from stackaudit.model.facts.services import Pulse, ServiceState
from stackaudit.model.findings import Severity
from stackaudit.model.manifest import Endpoint, Manifest, PythonClaim, Requirement, Setting
from stackaudit.model.places import Place
from stackaudit.model.secret import Secret
from stackaudit.model.snapshot import Evidence, Look, Unseen
from stackaudit.model.wire import WireError, decode, encode, kinds

TEXT = st.text(max_size=20).filter(lambda text: "://" not in text)
NAME = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True).map(canonicalize_name)
PLACE = st.builds(Place, path=st.from_regex(r"[a-z./ ]{1,12}", fullmatch=True), line=st.none() | st.integers(1, 9999))
ADVISORY = st.builds(
    Advisory,
    id=TEXT,
    aliases=st.tuples(TEXT),
    summary=TEXT,
    fixed_in=st.tuples(TEXT),
    severity=st.none() | st.sampled_from(Severity),
)
FACT = st.one_of(
    st.builds(
        Program,
        name=TEXT,
        path=st.none() | TEXT,
        state=st.sampled_from(ProgramState),
        detail=TEXT,
        kind=st.none() | TEXT,
    ),
    st.builds(Audited, name=NAME, version=TEXT, service=TEXT, advisories=st.tuples(ADVISORY)),
    st.builds(
        Pulse, endpoint=TEXT, state=st.sampled_from(ServiceState), detail=TEXT, info=st.tuples(st.tuples(TEXT, TEXT))
    ),
    st.builds(
        Release,
        name=NAME,
        version=TEXT,
        known=st.booleans(),
        exists=st.booleans(),
        uploaded_at=st.none() | st.datetimes(timezones=st.just(UTC)),
    ),
    st.builds(
        Resolution,
        files=st.tuples(TEXT),
        python=TEXT,
        packages=st.tuples(st.tuples(NAME, TEXT)),
        refusal=st.none() | TEXT,
        until=st.none() | st.datetimes(timezones=st.just(UTC)),
    ),
)
REQUIREMENT = st.builds(
    Requirement,
    name=NAME,
    specifier=st.sampled_from([SpecifierSet(), SpecifierSet(">=1,<2")]),
    pin=st.none() | st.sampled_from([Version("1.0"), Version("5.4.0rc1")]),
    where=PLACE,
    extras=st.tuples(TEXT),
)
UNSEEN = st.builds(Unseen, subject=TEXT, yields=st.tuples(TEXT), cause=TEXT, remedy=TEXT, knowable=st.booleans())
EVIDENCE = st.builds(Evidence, tool=TEXT, command=st.tuples(TEXT), exit_status=st.none() | st.integers(-9, 255))
LOOK = st.builds(
    Look,
    probe=TEXT,
    asked=TEXT,
    evidence=EVIDENCE,
    facts=st.tuples(FACT),
    unseen=st.none() | UNSEEN,
    measured=st.tuples(st.tuples(TEXT, st.floats(0, 10))),
)


@given(LOOK)
@settings(max_examples=60)
def test_a_look_survives_the_wire(look: Look) -> None:
    assert decode(Look, json.loads(json.dumps(encode(look)))) == look


@given(st.builds(Manifest, requirements=st.tuples(REQUIREMENT)))
@settings(max_examples=60)
def test_a_manifest_survives_the_wire(manifest: Manifest) -> None:
    assert decode(Manifest, json.loads(json.dumps(encode(manifest)))) == manifest


def beneath(kind: type[Fact]) -> set[type[Fact]]:
    return {kind}.union(*(beneath(each) for each in kind.__subclasses__()))


def test_every_kind_of_fact_is_known_to_the_wire() -> None:
    assert set(kinds()) == {kind.__name__ for kind in beneath(Fact) - {Fact}}
    # The word that tells facts apart on the wire must be no field of theirs: the field would win.
    assert all("fact" not in inspect.get_annotations(kind) for kind in kinds().values())


def test_a_secret_stays_at_home_unless_it_is_revealed() -> None:
    endpoint = Endpoint(
        role="broker", url=Secret("redis://:s3cret@host:6379/0"), where=Place(path="option --broker-url")
    )
    assert "s3cret" not in json.dumps(encode(endpoint))
    assert "s3cret" not in repr(endpoint)
    assert decode(Endpoint, encode(endpoint, reveal=True)).url.reveal() == "redis://:s3cret@host:6379/0"


def test_a_url_that_a_tool_put_into_any_text_loses_its_user_part() -> None:
    setting = Setting(
        name="advisories", value="https://token@mirror.example/osv?api_key=hush", where=Place(path="default")
    )
    told = json.dumps(encode(setting))
    assert "token" not in told
    assert "hush" not in told


@pytest.mark.parametrize(
    ("kind", "value", "where"),
    [
        (Look, {"probe": 3}, "probe"),
        (Look, {"probe": "x", "asked": "y", "evidence": {"tool": "t", "exit_status": "no"}}, "evidence.exit_status"),
        (
            Look,
            {"probe": "x", "asked": "y", "evidence": {"tool": "t"}, "facts": [{"fact": "Nonsense"}]},
            "facts[0].fact",
        ),
        (
            Look,
            {
                "probe": "x",
                "asked": "y",
                "evidence": {"tool": "t"},
                "facts": [{"fact": "Account", "uid": 0, "name": 1}],
            },
            "facts[0].name",
        ),
        (
            Release,
            {"fact": "Release", "name": "x", "version": "1", "known": True, "exists": True, "uploaded_at": "soon"},
            "uploaded_at",
        ),
    ],
)
def test_a_wrong_shape_is_told_with_its_path(kind: type, value: dict[str, object], where: str) -> None:
    with pytest.raises(WireError) as caught:
        decode(kind, value)  # type: ignore[arg-type]  # the wrong shape is the point
    assert str(caught.value).startswith(where)


def test_a_time_keeps_its_zone() -> None:
    at = datetime(2026, 11, 22, 12, 40, tzinfo=UTC)
    assert encode(at) == "2026-11-22T12:40:00+00:00"
    assert decode(datetime, "2026-11-22T12:40:00+00:00") == at


def test_half_of_a_surrogate_pair_is_written_as_a_question_mark_and_revealed_as_it_was() -> None:
    claim = PythonClaim(specifier=SpecifierSet(">=3.11"), text="\ud800é", where=Place(path="p\udcff.txt", line=1))
    encoded = encode(claim)
    assert json.dumps(encoded, ensure_ascii=False).encode()
    assert encoded == {"specifier": ">=3.11", "text": "?é", "where": "p?.txt:1"}
    assert encode(claim, reveal=True) == {"specifier": ">=3.11", "text": "\ud800é", "where": "p\udcff.txt:1"}
