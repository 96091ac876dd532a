"""Who waits for a ruling keeps nobody else waiting: what is told is written last."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import Connection, text

from gridmap.cases.notices import Notice, NoticeKind, role
from gridmap.store import Store
from gridmap.store.reviews import lock_board
from gridmap.workspace import Workspace
from tests.review_town import report

pytest_plugins = ["tests.review_fixtures"]

# In a GeoPackage whoever writes waits for whoever wrote before anyway.
pytestmark = pytest.mark.parametrize(
    "review_source",
    [pytest.param("postgis", marks=pytest.mark.postgis)],
    indirect=True,
    scope="session",
)

NOTICE = Notice(NoticeKind.PLACE_WRONG, role("dispatcher"), params={"place": "食堂"})

_WAITING = text(
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
    " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


@contextmanager
def ruled(url: str) -> Iterator[Connection]:
    """The board as it is while somebody else rules, whose reports are routed one by one."""
    with Store.open(url) as store, store._database.write() as connection:
        lock_board(connection)
        yield connection


def sent(board: Workspace) -> Callable[[], object]:
    return lambda: report(board, 0.2, 0.2, "waiting")


def put_right(board: Workspace) -> Callable[[], object]:
    number = report(board, 1.2, 1.2, "litter", item="0101")["id"]
    return lambda: board.act(number, "order.confirm", item="0301")


@pytest.mark.parametrize("act", [sent, put_right])
def test_what_waits_for_a_ruling_lets_others_tell_and_is_done_when_it_is_over(
    board: Workspace, review_url: str, act: Callable[[Workspace], Callable[[], object]]
) -> None:
    doing = act(board)
    assert board.reviews(state="open")[1] == []
    thread = threading.Thread(target=doing)
    with Store.open(review_url, busy_timeout_s=1.0) as other:
        try:
            with ruled(review_url) as connection:
                thread.start()
                until = time.monotonic() + 60
                while not connection.execute(_WAITING).scalar_one():
                    assert time.monotonic() < until
                    time.sleep(0.01)
                other.tell([(NOTICE, {})])
        finally:
            thread.join()
    (review,) = board.reviews(state="open")[1]
    assert (review["reports"], review["reason"]) == (1, "no_owner")
