"""Refusals in the language of the page: what guards say, and that something is not there."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import gridmap
from api.error_words import in_words, plain_refusal
from gridmap.cases import guards
from gridmap.errors import BadValue, Conflict, NotAllowed

RAISED = {"NotAllowed", "Conflict", "BadValue", "NotFound"}
# Only the service itself could meet these: nobody can send what they refuse.
NEVER_MET = {
    "A report becomes an order once.", "It was merged before.", "It is listed.",
}  # fmt: skip
# What only commands and programs ask for, and no page nor its scripts.
NOT_OF_PAGES = {
    # Commands: accounts, keys, webhooks, families, editions and files.
    "There is no such account.", "The account has no such role.", "There is no such key.",
    "There is no such webhook.", "There is no such family of grids.",
    "No edition of the <> is in force.", "No edition is in force then.",
    "The edition has no areas.", "There are no sheets in this folder.",
    "There is no draft of that name with areas in it.",
    "This is neither an edition of the store nor a file.",
    # Programs: the history of areas and routes, plans, rosters, coverage, numbers, and edits
    # that name lines and estates.
    "Edition '<>' has no <> of that code in the system '<>'.",
    "No published edition has a <> of that code.", "No such edition moved this report.",
    "It is not known by what this report was decided.", "This report kept its owner then.",
    "This report was never routed.", "No such version of the rules is kept.",
    "No such state of the responsibilities is kept.",
    "There is no such suggestion, or no longer.",
    "No post there belongs to one of two rosters.", "No edition is in force.",
    "The households are not known, and coverage counts them.",
    "The month's report has no such deduction.",
    "That is in the future: there is nothing to count yet.",
    "That is long before there was anything to count.",
    "The base data have no such line.", "There is no estate of that code.",
    # The service's own.
    "There is no such text.",
}  # fmt: skip
ROOT = Path(gridmap.__file__).parent.parent
# No page is answered from there.
NOT_SERVED = {"cli", "demo", "assets"}


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


def said_in(node: ast.expr) -> Iterator[str]:
    """The sentences that an argument can be, with ``<>`` for what is filled in."""
    if isinstance(node, ast.IfExp):
        yield from said_in(node.body)
        yield from said_in(node.orelse)
    elif isinstance(node, ast.JoinedStr):
        yield "".join(
            str(part.value) if isinstance(part, ast.Constant) else "<>" for part in node.values
        )
    else:
        assert isinstance(node, ast.Constant), ast.unparse(node)
        yield str(node.value)


def not_there() -> Iterator[str]:
    """Every sentence by which the service says that it has not what is asked for."""
    for room in ("gridmap", "api"):
        for path in (ROOT / room).rglob("*.py"):
            if NOT_SERVED.intersection(path.relative_to(ROOT).parts):
                continue
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "NotFound":
                    yield from said_in(node.args[0])


def test_whatever_a_page_may_lack_can_be_said_in_chinese() -> None:
    found = set(not_there())
    assert len(found) > 50
    assert {one for one in found if in_words(one, "zh") is None} == NOT_OF_PAGES


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
