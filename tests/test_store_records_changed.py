"""Records that are decided by what is stored: several writers at once lose nothing."""

from __future__ import annotations

import threading

from gridmap.store import Store

WRITERS = 6


def post(code: str, name: str) -> dict[str, str]:
    return {"code": code, "person": "p1", "name": name, "role": "grid_worker", "kind": "basic",
            "level": "grid", "area_code": "g1"}  # fmt: skip


def test_each_of_many_writers_sees_what_the_one_before_wrote(store_url: str) -> None:
    with Store.open(store_url) as store:
        store.put_records("posts", [post("a", "")])
    gate, failed = threading.Barrier(WRITERS), list[BaseException]()

    def write() -> None:
        try:
            with Store.open(store_url) as own:
                gate.wait()
                own.change_records(
                    "posts", lambda rows: [row | {"name": row["name"] + "x"} for row in rows]
                )
        except BaseException as error:
            failed.append(error)
            raise

    threads = [threading.Thread(target=write) for _ in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    with Store.open(store_url) as store:
        assert [row["name"] for row in store.records("posts")] == ["x" * WRITERS]


def test_where_nothing_is_decided_nothing_is_written(store: Store) -> None:
    store.put_records("posts", [post("a", "n")])
    before = store.change_token()
    assert store.change_records("posts", lambda rows: []) == (0, 0)
    assert store.change_token() == before
    assert len(store.records("posts")) == 1
