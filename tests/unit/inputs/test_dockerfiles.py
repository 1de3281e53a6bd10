"""Dockerfiles are read as Docker reads them, and no text breaks the reader."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stackaudit.inputs._instructions import Instruction, assignments, filled, instructions
from stackaudit.inputs._media_installs import put_in
from stackaudit.inputs._stages import Image, bases, image, stages


def words(text: str) -> list[tuple[str, str, int]]:
    return [(each.word, each.rest, each.line) for each in instructions(text)]


def made(text: str, target: str | None = None, **arguments: str) -> Image:
    found = image(stages(text, arguments), target, "Dockerfile", arguments)
    assert found is not None
    return found


def test_instructions_go_over_lines_with_comments_and_blank_lines_in_between() -> None:
    text = "# a comment\nfrom python:3.11\n\nRUN one \\\n  # why\n\n  two \\  \n  three\nUSER app"
    assert words(text) == [("FROM", "python:3.11", 2), ("RUN", "one two three", 4), ("USER", "app", 9)]


def test_the_escape_directive_changes_what_continues_a_line() -> None:
    assert words("# escape=`\nFROM a\nRUN one `\n two\nRUN c:\\\nUSER x") == [
        ("FROM", "a", 2),
        ("RUN", "one two", 3),
        ("RUN", "c:\\", 5),
        ("USER", "x", 6),
    ]


def test_the_lines_of_a_here_document_are_no_instructions() -> None:
    text = "FROM a\nRUN <<EOF\nUSER root\nEOF\nCOPY <<-'A' <<B /x\n\tENV\n\tA\nCMD\nB\nUSER app"
    assert words(text)[1:] == [("RUN", "<<EOF", 2), ("COPY", "<<-'A' <<B /x", 5), ("USER", "app", 10)]
    found = list(instructions(text))
    assert [each.documents for each in found] == [(), ("USER root",), ("\tENV", "CMD"), ()]


@pytest.mark.parametrize("line", ["RUN echo $((1<<N))", 'RUN cat <<< "x"', "RUN a<<b"])
def test_what_only_looks_like_a_here_document_swallows_nothing(line: str) -> None:
    assert [each for each, _, _ in words(f"FROM a\n{line}\nUSER app")] == ["FROM", "RUN", "USER"]


def test_arguments_fill_in_what_each_stage_is_made_from() -> None:
    text = "ARG V=3.11\nARG TAG=${V}-slim\nARG NONE\nFROM python:${TAG} AS base\nFROM $NONE\nFROM ${X:-debian}:12"
    assert [(each.base, each.name) for each in stages(text, {})] == [
        ("python:3.11-slim", "base"),
        ("", ""),
        ("debian:12", ""),
    ]
    assert stages(text, {"V": "3.12", "NONE": "mine:1"})[0].base == "python:3.12-slim"
    assert stages(text, {"NONE": "mine:1"})[1].base == "mine:1"


def test_a_stage_has_what_its_parents_say() -> None:
    text = (
        "FROM python:3.11 AS base\nUSER app\nRUN apt-get install -y ffmpeg\n"
        "FROM base AS worker\nCMD celery\nFROM scratch\nFROM base\nUSER 0"
    )
    assert [each.text for each in bases(stages(text, {}), "Dockerfile")] == ["python:3.11"]
    worker, last = made(text, "worker"), made(text)
    assert worker.user is not None
    assert last.user is not None
    assert (worker.user.text, str(worker.user.where)) == ("app", "Dockerfile:2")
    assert (last.user.text, str(last.user.where)) == ("0", "Dockerfile:8")
    assert (worker.base.text, worker.programs) == ("python:3.11", frozenset({"ffmpeg", "ffprobe"}))
    assert worker.command is not None
    assert last.command is None


def test_a_stage_named_like_a_later_one_is_made_from_the_foreign_image() -> None:
    assert made("FROM python AS python\nUSER a\nFROM other AS x").base.text == "other"
    assert made("FROM python AS python\nUSER a").base.text == "python"


def test_variables_keep_their_names_values_and_places() -> None:
    found = made('FROM a\nARG P=x\nENV A=1 B="two words" C=$P\nENV OLD the rest\nENV A=2')
    assert [(name, value, str(place)) for name, value, place in found.variables] == [
        ("A", "2", "Dockerfile:5"),
        ("B", "two words", "Dockerfile:3"),
        ("C", "x", "Dockerfile:3"),
        ("OLD", "the rest", "Dockerfile:4"),
    ]
    user = made("FROM a\nARG WHO\nUSER $WHO").user
    assert user is not None
    assert user.text == ""


@pytest.mark.parametrize(
    ("line", "health"),
    [
        ("HEALTHCHECK --interval=2m CMD celery -A x inspect ping -d celery@$HOSTNAME", (120.0, True)),
        ('HEALTHCHECK CMD ["celery", "-A", "x", "inspect", "ping"]', (30.0, False)),
        ("HEALTHCHECK --interval=5s CMD curl -f http://localhost/", None),
        ("HEALTHCHECK NONE", None),
    ],
)
def test_health_checks_by_celery_are_told_with_how_often_and_whom_they_ask(
    line: str, health: tuple[float, bool] | None
) -> None:
    found = made(f"FROM a\n{line}").health
    assert (None if found is None else (found.every, found.addressed)) == health


BOTH = {"ffmpeg", "ffprobe"}


@pytest.mark.parametrize(
    ("line", "programs"),
    [
        (
            "RUN apt-get update && apt-get install -y --no-install-recommends git ffmpeg && rm -rf /var/lib/apt/lists/*",
            BOTH,
        ),
        ("RUN apk add --no-cache ffmpeg~=6.1", BOTH),
        ("RUN DEBIAN_FRONTEND=noninteractive sudo apt install ffmpeg=7:5.1.*", BOTH),
        ("RUN --mount=type=cache,target=/x apt-get install -y ffmpeg", BOTH),
        ('RUN ["apt-get", "install", "-y", "ffmpeg"]', BOTH),
        ("RUN <<EOF\nset -e\napt-get install -y ffmpeg\nEOF", BOTH),
        ("RUN pip install ffmpeg-python imageio-ffmpeg", set()),
        ("RUN apt-get install -y libavcodec-extra", set()),
        ("RUN apt-get install -y $PACKAGES", None),
        ("RUN xargs apt-get install -y < packages.txt", None),
        ("RUN ./install.sh", None),
        ("RUN curl https://example.org/ffmpeg.tar.xz | tar xJ", None),
        ("RUN mkdir -p /app && chown app /app", set()),
        ("COPY --from=mwader/static-ffmpeg:7.1 /ffmpeg /ffprobe /usr/local/bin/", BOTH),
        ("COPY --from=mwader/static-ffmpeg:7.1 /ffmpeg /usr/local/bin/", {"ffmpeg"}),
        ("COPY --from=build /out/ff* /usr/bin/", BOTH),
        ("COPY --from=jrottenberg/ffmpeg:7 / /", None),
        ("COPY . /app", set()),
        ("ENV FFMPEG=1", set()),
    ],
)
def test_what_a_step_puts_in_is_told_or_left_open(line: str, programs: set[str] | None) -> None:
    (step,) = instructions(line)
    assert put_in(step) == programs


def test_variables_that_double_with_each_line_are_given_up() -> None:
    text = "ARG A=aaaaaaaaaa\n" + "ARG A=$A$A\n" * 60 + "FROM x:$A"
    (stage,) = stages(text, {})
    assert len(stage.base) < 5000


@settings(max_examples=300)
@given(
    st.lists(
        st.one_of(
            st.text(max_size=40),
            st.tuples(
                st.sampled_from(["FROM", "RUN", "ENV", "ARG", "USER", "CMD", "COPY", "HEALTHCHECK", "ENTRYPOINT"]),
                st.text(alphabet="ab=$\"'{}[]<-\\ ,:&;ffmpeg\n", max_size=40),
            ).map(" ".join),
        ),
        max_size=12,
    ).map("\n".join)
)
def test_no_text_breaks_the_reader(text: str) -> None:
    found = list(instructions(text))
    lines = len(text.splitlines())
    assert [each.line for each in found] == sorted(each.line for each in found)
    assert all(1 <= each.line <= lines for each in found)
    image(stages(text, {}), None, "Dockerfile", {})


@given(
    st.dictionaries(st.from_regex(r"[A-Z_]{1,8}", fullmatch=True), st.from_regex(r"[a-z0-9./:-]{0,10}", fullmatch=True))
)
def test_what_env_sets_is_what_comes_back(values: dict[str, str]) -> None:
    rest = " ".join(f'{name}="{value}"' for name, value in values.items())
    step = Instruction(word="ENV", rest=rest, line=1)
    assert dict(assignments(step)) == values
    for name, value in values.items():
        assert filled(f"<${{{name}}}>", values) == f"<{value}>"
