"""The form "this entry is wrong": what is refused is said as it is, and nothing typed is lost."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import unescape

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from gridmap.secrets import hash_token
from gridmap.store.outbox import Meant
from tests.api_town import Hands

pytest_plugins = ["tests.api_fixtures"]

# As a browser counts, 195 characters on 8 lines.
LINES = "\n".join(["甲" * 23] * 7 + ["乙" * 27])


@pytest.fixture
def sender(town_app: FastAPI, hands: Hands) -> Iterator[TestClient]:
    """Somebody whose address nobody else has."""
    store, address = town_app.state.workspace.store, "203.0.113.211"
    counted = [f"wrong-from:{hash_token(address)}", "wrong-of:P1", "wrong-of:P2"]
    store.forget_attempts(counted)
    yield TestClient(town_app, client=(address, 40000))
    store.forget_attempts(counted)


def alert(text: str) -> str:
    (said,) = re.findall(r'role="alert">(.*?)</p>', text, re.DOTALL)
    return said


def typed(text: str) -> str:
    (remark,) = re.findall(r'<textarea name="remark"[^>]*>(.*?)</textarea>', text, re.DOTALL)
    return unescape(remark)


def chosen(text: str) -> list[str]:
    return re.findall(r'name="kind" value="(\w+)" required checked', text)


def test_a_remark_that_fits_into_the_form_is_taken_whatever_its_line_ends(
    sender: TestClient,
) -> None:
    assert len(LINES) == 195
    sent = LINES.replace("\n", "\r\n")
    answer = sender.post("/services/P1/wrong", data={"kind": "moved", "remark": sent})
    assert answer.status_code == 200
    assert "已转给负责的工作人员" in answer.text
    assert 'role="alert"' not in answer.text
    store = sender.app.state.workspace.store
    told = store.notices_for([Meant("role", "place_editor")], "x", unread=True, limit=5)
    assert [one["params"]["text"] for one in told if one["params"].get("code") == "P1"] == [LINES]


@pytest.mark.parametrize(
    ("kind", "remark", "said", "english"),
    [
        ("hours", "长" * 201, "说明太长了。", "The remark is too long."),
        ("phone", "证号 11010519491231002X", "“说明”中有身份证号", "identity card number"),
        ("", "没有选", "没有这种反馈类型。", "This cannot be wrong with a place."),
    ],
)
def test_what_is_refused_is_said_and_what_was_typed_stays(
    sender: TestClient, kind: str, remark: str, said: str, english: str
) -> None:
    for lang, sentence in (("", said), ("?lang=en", english)):
        data = {"kind": kind, "remark": remark}
        answer = sender.post(f"/services/P1/wrong{lang}", data=data)
        assert answer.status_code == 422
        assert sentence in unescape(alert(answer.text))
        assert typed(answer.text) == remark
        assert chosen(answer.text) == ([kind] if kind else [])
        assert "<details open>" in answer.text
        assert answer.headers["cache-control"] == "no-store"


def test_what_comes_too_often_stays_typed_too(sender: TestClient) -> None:
    for _ in range(6):
        assert sender.post("/services/P2/wrong", data={"kind": "hours"}).status_code == 200
    answer = sender.post("/services/P2/wrong", data={"kind": "closed", "remark": "已拆"})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0
    assert "这里已经收到足够多的反馈" in alert(answer.text)
    assert (typed(answer.text), chosen(answer.text)) == ("已拆", ["closed"])


def test_the_address_of_a_form_that_was_refused_leads_to_the_place(sender: TestClient) -> None:
    answer = sender.get("/services/P1/wrong?lang=en", follow_redirects=False)
    assert answer.headers["location"] == "/services/P1?lang=en#wrong"


def test_of_a_place_that_there_is_not_nothing_is_told(sender: TestClient) -> None:
    for kind in ("hours", "odd"):
        assert sender.post("/services/none/wrong", data={"kind": kind}).status_code == 404
