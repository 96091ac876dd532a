"""Refusals in the language of the page: every sentence of the guards has a Chinese text."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.error_words import in_words, plain_refusal
from gridmap.cases import guards
from gridmap.errors import BadValue, Conflict, NotAllowed

RAISED = {"NotAllowed", "Conflict", "BadValue", "NotFound"}
# Only the service itself could meet these: nobody can send what they refuse.
NEVER_MET = {
    "A report becomes an order once.", "It was merged before.", "It is listed.",
}  # fmt: skip


def sentences() -> Iterator[str]:
    """Every sentence, as it stands in the source, that a guard refuses with."""
    tree = ast.parse(Path(guards.__file__).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        at = {"refuse_unless": 1}.get(node.func.id, 0 if node.func.id in RAISED else None)
        if at is not None and isinstance(node.args[at], ast.Constant):
            yield node.args[at].value


def test_every_sentence_of_the_guards_can_be_said_in_chinese() -> None:
    found = set(sentences())
    assert len(found) > 30
    missing = [one for one in found - NEVER_MET if in_words(one, "zh") is None]
    assert missing == []


@pytest.mark.parametrize(
    "sentence",
    [
        "Only the lead department moves the order on.",
        "Only the lead department asks for more time.",
        "Only the lead department asks for the backlog.",
        "No extension was asked for.",
        "No backlog was asked for.",
        "Your roles do not allow 'order.close'.",
        "This lies outside the areas and departments in which you may do 'order.close'.",
        "'text' cannot be used.",
        "'version' is needed.",
        "A reason is needed.",
        "A reason is needed: the log keeps it.",
        "Orders cannot be narrowed by this 'state'.",
    ],
)
def test_sentences_with_a_part_of_their_own_can_be_said_too(sentence: str) -> None:
    assert in_words(sentence, "zh")


def test_what_a_sentence_quotes_is_called_as_the_form_calls_it() -> None:
    said = plain_refusal(BadValue("'order.return' needs 'why'.", got="nothing"), "zh", "h")
    assert said["message"] == "“退单”需要填写“原因”。"
    assert said["lines"] == []
    said = plain_refusal(Conflict("'order.close' is not possible now.", got="x"), "zh", "h")
    assert "“结案”" in said["message"]


def test_what_may_not_be_done_is_called_as_the_pages_call_it() -> None:
    assert in_words("Your roles do not allow 'order.close'.", "zh") == (
        "您的角色不能进行这一操作（结案）。"
    )


@pytest.mark.parametrize(
    ("name", "called"),
    [
        ("state", "状态"), ("show", "是否办结"), ("due", "到期"), ("mine", "我的工单"),
        ("sort", "排序"),
    ],
)  # fmt: skip
def test_a_filter_is_called_as_the_list_of_orders_calls_it(name: str, called: str) -> None:
    said = in_words(f"Orders cannot be narrowed by this '{name}'.", "zh")
    assert said == f"没有这个筛选值（{called}），请用页面上的筛选项。"


def test_english_pages_and_sentences_without_a_text_keep_sentence_and_repair() -> None:
    error = NotAllowed("Who handled an order does not inspect it.", got="li", repair="Ask wang.")
    said = plain_refusal(error, "en", "Not allowed")
    assert said["message"] == "Who handled an order does not inspect it."
    assert [text for _, text in said["lines"]] == ["Ask wang."]
    assert in_words("Nobody has ever said this.", "zh") is None
    unknown = plain_refusal(BadValue("Nobody has ever said this.", repair="Stop."), "zh", "h")
    assert unknown["message"] == "Nobody has ever said this."
    assert unknown["lines"] == [("怎样改正", "Stop.")]
