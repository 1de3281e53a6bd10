"""No text from the world can break a Markdown document or become markup in it."""

from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from stackaudit.reports._escape import inline

NASTY = st.text(max_size=60) | st.text(alphabet="|`*_[]()<>&#\\!~-+.:1 \n\r\tax", max_size=60)


def flat(text: str) -> str:
    return " ".join("".join(each if each.isprintable() else " " for each in text).split())


def shown(tokens: list[Token]) -> str:
    return "".join(child.content for token in tokens for child in token.children or ())


@given(NASTY)
@example("<script>alert(1)</script>")
@example("a | b \\| c")
@example("![x](http://x)")
@example("1. not a list")
@example("&lt;b&gt;")
@example("--- \n# heading")
@settings(max_examples=300)
def test_any_text_in_a_table_cell_is_shown_as_it_is(text: str) -> None:
    document = f"| a | b |\n|---|---|\n| {inline(text)} | end |\n"
    tokens = MarkdownIt("commonmark").enable("table").parse(document)
    cells = [token for token in tokens if token.type == "inline"]
    assert [shown([cell]) for cell in cells] == ["a", "b", flat(text), "end"]
    assert {child.type for cell in cells for child in cell.children or ()} <= {"text", "text_special"}


@given(NASTY)
@settings(max_examples=300)
def test_any_text_inside_a_line_is_plain_text(text: str) -> None:
    tokens = MarkdownIt("commonmark").parse(f"- says {inline(text)}\n- end\n")
    assert [token.type for token in tokens].count("list_item_open") == 2
    assert shown(tokens) == f"says {flat(text)}".rstrip() + "end"
