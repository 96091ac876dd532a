"""Errors on pages that residents open are told in the page's language, all of them."""

from __future__ import annotations

import re
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from api import sheets
from api.app import create_app
from gridmap.errors import StoreBusy
from gridmap.workspace import open_workspace
from tests.api_client import LOCAL, REMOTE

pytest_plugins = ["tests.api_fixtures"]

PAGE = {"accept": "text/html,*/*;q=0.8"}
# Three words of English in a row are a sentence; codes, names and file endings are not.
SENTENCE = re.compile(r"(?:\b[A-Za-z]{2,}\b[ ,']+){3,}[A-Za-z]{2,}")
CHINESE = re.compile(r"[\u3400-\u9fff]")

WRONG = {
    "/services/none": 404,
    "/services?estate=none": 404,
    "/services?near=abc": 422,
    "/sheets/services/estate/none": 404,
    "/sheets/services/grid/none": 404,
    "/sheets/none/estate/E1": 422,
    "/sheets/card/galaxy/E1": 422,
    "/sheets/card/estate/E1?paper=a0": 422,
    "/sheets/card/estate/none.pdf": 404,
    "/maps/none": 404,
    "/nothing/here": 404,
    "/services/" + "x" * 300: 404,
}


def words(text: str) -> str:
    """What a page says, without its head, scripts, and the link to the other language."""
    body = text.partition("<body")[2]
    body = re.sub(r"(?s)<(script|style|datalist)\b.*?</\1>", " ", body)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", body))


@pytest.mark.parametrize("path", WRONG)
def test_a_chinese_page_tells_no_error_in_english(resident: TestClient, path: str) -> None:
    answer = resident.get(path, headers=PAGE)
    assert answer.status_code == WRONG[path]
    assert 'lang="zh-CN"' in answer.text
    said = words(answer.text)
    assert CHINESE.search(said)
    assert SENTENCE.search(said) is None, SENTENCE.search(said)


STAFF = {
    "/drafts/9": "没有这份草案。",
    "/reviews/5": "没有这项确权。",
    "/supervision/7": "没有这份督办单。",
    "/monthly/2026-01": "没有这一期月报。",
    "/map/buildings/none": "没有这栋楼。",
    "/tiles/none/grid/1/0/0": "没有这个已发布的网格版本。",
}


@pytest.mark.parametrize("path", STAFF)
def test_what_is_not_there_is_told_to_staff_in_chinese_alone(staff: TestClient, path: str) -> None:
    answer = staff.get(path, headers=PAGE)
    assert answer.status_code == 404
    said = words(answer.text)
    assert STAFF[path] in said
    assert SENTENCE.search(said) is None, SENTENCE.search(said)


def test_values_are_shown_to_staff_where_there_are_no_words_and_never_to_residents(
    staff: TestClient, resident: TestClient
) -> None:
    paper, unsaid = "/sheets/card/estate/E1?paper=a0", "/tiles/2026/grid/x/0/0"
    for client, seen in ((staff, True), (resident, False)):
        told = words(client.get(paper, headers=PAGE).text)
        assert "收到的内容" not in told
        assert "允许的内容" not in told
        said = words(client.get(unsaid, headers=PAGE).text)
        assert "这个请求无法办理" in said
        assert ("收到的内容 x " in said) is seen


def test_where_no_edition_is_in_force_a_page_tells_neither_the_moment_nor_editions(
    store_url: str,
) -> None:
    with open_workspace(store_url) as workspace:
        app = create_app(workspace=workspace)
        for door in (REMOTE, LOCAL):
            answer = TestClient(app, client=door).get("/sheets/board/grid/1", headers=PAGE)
            assert answer.status_code == 404
            said = words(answer.text)
            assert "当前没有生效的网格版本。" in said
            for left_out in ("+00:00", "no published edition", "收到的内容", "允许的内容"):
                assert left_out not in said


@pytest.mark.parametrize("path", [p for p in WRONG if p.startswith(("/sheets", "/nothing"))])
def test_an_english_page_tells_the_sentence_itself(resident: TestClient, path: str) -> None:
    query = "&lang=en" if "?" in path else "?lang=en"
    answer = resident.get(path + query, headers=PAGE)
    program = resident.get(path + query)
    if program.headers["content-type"] == "application/problem+json":
        assert program.json()["detail"].replace("'", "&#39;") in answer.text


def test_what_nobody_expected_is_told_too(
    api_app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("internal words")

    client = TestClient(api_app, client=REMOTE, raise_server_exceptions=False)
    monkeypatch.setattr("api.pages.service_views.find", fail)
    answer = client.get("/services", headers=PAGE)
    assert answer.status_code == 500
    said = words(answer.text)
    assert "请把这个编号告诉管理人员" in said
    assert SENTENCE.search(said) is None
    busy = StoreBusy("Another program is using the store, and has not finished in time.")
    monkeypatch.setattr(
        "api.pages.service_views.find", lambda *_, **__: (_ for _ in ()).throw(busy)
    )
    answer = client.get("/services", headers=PAGE)
    assert answer.status_code == 503
    assert "请稍后再试" in words(answer.text)


def test_who_asks_for_a_pdf_while_others_wait_for_theirs_is_told_when_to_come_again(
    api_app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, go = threading.Semaphore(0), threading.Event()

    def printed(_: str) -> bytes:
        began.release()
        assert go.wait(60)
        return b"%PDF"

    monkeypatch.setattr(sheets, "to_pdf", printed)
    monkeypatch.setattr(api_app.state, "sheets", sheets.SheetShelf())
    client = TestClient(api_app, client=REMOTE)
    kinds = ("services", "board", "card")
    paths = [f"/sheets/{k}/estate/E1.pdf?paper={p}" for k in kinds for p in ("a4", "a3")]
    with ThreadPoolExecutor(len(paths)) as pool:
        asked = [pool.submit(client.get, path) for path in paths[:5]]
        try:
            assert all(began.acquire(timeout=60) for _ in asked)
            refused = [pool.submit(client.get, paths[5] + lang, headers=PAGE).result(20)
                       for lang in ("", "&lang=en")]  # fmt: skip
            program = pool.submit(client.get, paths[5]).result(20)
        finally:
            go.set()
        assert [one.result().content for one in asked] == [b"%PDF"] * 5
    for answer in (*refused, program):
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "5"
    assert "请稍等片刻再试" in words(refused[0].text)
    assert SENTENCE.search(words(refused[0].text)) is None
    assert "Other sheets are being printed." in words(refused[1].text)
    assert program.json()["detail"] == "Other sheets are being printed."
    assert client.get(paths[5]).content == b"%PDF"
