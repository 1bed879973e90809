"""Texts of feeds are never markup, neither in Markdown nor in the terminal."""

from __future__ import annotations

import unicodedata

import pytest
from markdown_it import MarkdownIt

from regional_snapshots.report.markup import list_markdown, safe_markdown, table_markdown, why_markdown, why_text
from regional_snapshots.report.story import story
from regional_snapshots.report.why.explanation import why
from regional_snapshots_tests.report.stories import HOSTILE, hostile_document

OURS = {"paragraph", "inline", "text", "bullet_list", "list_item", "strong", "softbreak", "text_special",
        "table", "thead", "tbody", "tr", "th", "td"}  # fmt: skip
MORE_HOSTILE = (
    "# title", "- item", "1. one", "2) two", "+ plus", "===", "---", "> quote", "    code", "***", "``` fence", "~~~ x",
    "[a]: b", "[^1]: note", "| a | b |", "a\\", "\\", "<!-- x", "&#60;b&#62;", "$x$", "_a_ __b__", "http://x.example",
)  # fmt: skip


def kinds(markdown: str) -> set[str]:
    """Every kind of mark-up that a renderer sees."""
    parsed = MarkdownIt("commonmark").enable("table").parse(markdown)
    every = [token for block in parsed for token in (block, *(block.children or ()))]
    return {token.type.removesuffix("_open").removesuffix("_close") for token in every}


def shown(markdown: str) -> str:
    """The text that a reader sees."""
    parsed = MarkdownIt("commonmark").enable("table").parse(markdown)
    return "".join(child.content for block in parsed for child in block.children or ())


@pytest.mark.parametrize("text", [*HOSTILE, *MORE_HOSTILE])
def test_hostile_text_is_shown_as_it_is(text: str) -> None:
    escaped = safe_markdown(text)
    assert kinds(escaped) <= {"paragraph", "inline", "text", "text_special"}
    assert "".join(shown(escaped).replace("\u2060", "").split()) == "".join(
        letter for letter in text if letter not in "\u202e\u202c\u200b\x1b\x07" and not letter.isspace()
    )


def test_a_list_a_table_and_an_answer_hold_no_markup_but_ours() -> None:
    assert kinds(list_markdown(HOSTILE)) <= OURS - {"strong"}
    assert kinds(table_markdown(("a", "b"), [HOSTILE[:2], HOSTILE[4:6]])) <= OURS - {"strong"}
    assert kinds(why_markdown(why(story(hostile_document())), full=True)) <= OURS


@pytest.mark.parametrize("text", HOSTILE)
def test_no_address_becomes_a_link_by_itself(text: str) -> None:
    for scheme in ("https:", "http:", "www.", "mailto:"):
        assert scheme not in safe_markdown(text)


def test_the_terminal_gets_no_control_characters() -> None:
    printed = why_text(why(story(hostile_document())), full=True)
    assert {unicodedata.category(letter) for letter in printed} & {"Cc", "Cf"} == {"Cc"}
    assert {letter for letter in printed if unicodedata.category(letter) == "Cc"} == {"\n"}
