"""Pages of drafts through HTTP, in both stores: who may see them, what they say, how one begins."""

from __future__ import annotations

import json
import re

import pytest

from gridmap.access import Role
from tests.draft_doors import begin, edit
from tests.order_forms import forms_in

pytest_plugins = ["tests.draft_fixtures"]

HTML = {"accept": "text/html"}


def form_of(answer):
    return next(one for one in forms_in(answer.text) if one.method == "post")


def frame(text):
    found = re.search(r'id="frame">(.*?)</script>', text, re.DOTALL)
    return json.loads(found.group(1))


@pytest.fixture(scope="module")
def checker(town):
    return town.client("su", Role.SUPERVISOR)


def test_without_drafts_the_list_says_so_and_offers_to_begin_one(town, checker):
    answer = town.li.get("/drafts", headers=HTML)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert "还没有草案" in answer.text
    form = form_of(answer)
    assert form.options["edition"] == ["today"]
    assert form.required == {"name"}
    # Who may only check sees the list, and no form.
    assert "还没有草案" in checker.get("/drafts", headers=HTML).text
    assert not [one for one in forms_in(checker.get("/drafts").text) if one.method == "post"]


def test_a_draft_is_begun_by_a_form_and_stands_in_the_list(town, checker):
    sent = {"name": "十二月方案", "edition": "today", "why": "户数 <均衡>"}
    answer = town.li.post("/drafts", data=sent, follow_redirects=False)
    assert answer.status_code == 303, answer.text
    number = int(answer.headers["location"].rsplit("/", 1)[1])
    assert town.li.get(f"/api/drafts/{number}").json()["why"] == "户数 <均衡>"
    listed = checker.get("/drafts", headers=HTML).text
    for word in (
        "十二月方案",
        "li",
        "户数 &lt;均衡&gt;",
        "编辑中",
        "today",
        f'href="/drafts/{number}"',
    ):
        assert word in listed, word
    assert checker.post("/drafts", data=sent).status_code == 403


def test_what_cannot_be_begun_is_told_and_what_was_typed_stays(town):
    begin(town.li, "同名")
    answer = town.li.post(
        "/drafts", data={"name": "同名", "why": "再来一份"}, headers=HTML, follow_redirects=False
    )
    assert answer.status_code == 409
    assert 'role="alert"' in answer.text
    assert form_of(answer).fields["why"] == "再来一份"
    assert town.li.post("/drafts", data={"name": ""}, headers=HTML).status_code == 422


def test_the_editor_knows_what_its_reader_may(town, checker):
    number = begin(town.li, "谁能做什么")["id"]
    told = frame(town.li.get(f"/drafts/{number}", headers=HTML).text)
    assert told["may"] == {"draft": True, "publish": True}
    assert (told["number"], told["me"], told["order"][-1]) == (number, "li", "microgrid")
    reading = checker.get(f"/drafts/{number}", headers=HTML).text
    assert frame(reading)["may"] == {"draft": False, "publish": False}
    assert "data-tool" not in reading
    drawing = town.li.get(f"/drafts/{number}").text
    assert "data-tool" in drawing
    # Until the draft is read.
    assert re.search('<button[^>]* id="undo"[^>]* disabled>', drawing)
    assert re.search('<button[^>]* id="redo"[^>]* disabled>', drawing)


def test_who_may_not_check_editions_sees_neither_pages_nor_their_link(town):
    number = begin(town.li, "看不到")["id"]
    for path in ("/drafts", f"/drafts/{number}"):
        assert town.worker.get(path, headers=HTML).status_code == 403
    assert 'href="/drafts"' not in town.worker.get("/orders", headers=HTML).text
    assert 'href="/drafts"' in town.li.get("/orders", headers=HTML).text


@pytest.mark.parametrize(
    ("sent", "status", "said"),
    [
        ({"name": "无此版本", "edition": "foo"}, 404, "没有这个网格版本。"),
        ({"name": "长" * 101, "edition": "today"}, 422, "的内容无法使用"),
        ({"name": "理由", "edition": "today", "why": "长" * 3000}, 422, "的内容无法使用"),
    ],
)
def test_a_draft_that_cannot_be_begun_is_refused_in_chinese(town, sent, status, said):
    answer = town.li.post("/drafts", data=sent, headers=HTML, follow_redirects=False)
    assert answer.status_code == status
    alert = answer.text.partition('role="alert"')[2].partition("</div>")[0]
    assert said in alert
    assert "gridmap" not in alert
    assert "怎样改正" not in alert


def test_a_draft_that_is_not_there_is_not_found(town):
    answer = town.li.get("/drafts/99999", headers=HTML)
    assert answer.status_code == 404
    assert "没有这份草案。" in answer.text
    assert "There is no such draft" not in answer.text


def test_pages_come_in_english_and_keep_it(town):
    number = begin(town.li, "英文")["id"]
    listed = town.li.get("/drafts?lang=en", headers=HTML).text
    assert "Grid plans" in listed
    assert f'href="/drafts/{number}?lang=en"' in listed
    assert "The whole plan" in town.li.get(f"/drafts/{number}?lang=en", headers=HTML).text


def test_what_was_typed_is_text_and_never_markup(town):
    why = "<script>alert(1)</script>"
    number = begin(town.li, "标记", why=why)["id"]
    for path in ("/drafts", f"/drafts/{number}"):
        assert why not in town.li.get(path, headers=HTML).text


def test_a_closed_draft_is_read_only_and_says_why(town):
    number = begin(town.li, "作废的")["id"]
    town.li.post(f"/api/drafts/{number}/discard", json={"version": 0, "why": "不用了"})
    text = town.li.get(f"/drafts/{number}", headers=HTML).text
    assert "data-tool" not in text
    assert "作废" in text
    assert 'id="branch-form"' in text
    assert edit(town.li, number, 0, {"op": "renumber"}).status_code == 409
