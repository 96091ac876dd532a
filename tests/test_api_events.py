"""The stream of events goes on for who may hear it, and for nobody longer than they may."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from starlette.testclient import TestClient

from gridmap.access import Grant, Role, Scope
from tests.guarded import PASSWORD, Guarded, report_of

pytest_plugins = ["tests.guarded_fixtures"]

Listening = Callable[[TestClient, int], Future[str]]


@pytest.fixture
def listening(guarded: Guarded, monkeypatch: pytest.MonkeyPatch) -> Iterator[Listening]:
    """A function that lets somebody listen from now on, for some seconds at most."""
    monkeypatch.setattr("api.events._EVERY_S", 0.05)
    monkeypatch.setattr("api.events._ASKED_EVERY_S", 0.1)
    began, workspace = threading.Semaphore(0), guarded.workspace
    messages = workspace.messages

    def told(*given, **more):
        began.release()
        return messages(*given, **more)

    monkeypatch.setattr(workspace, "messages", told)
    with ThreadPoolExecutor(4) as pool:

        def listen(client: TestClient, seconds: int) -> Future[str]:
            address = f"/api/events?wait_s={seconds}"
            found = pool.submit(lambda: client.get(address).text)
            # It waits where the last of what there is was looked at.
            for _ in range(2):
                assert began.acquire(timeout=20)
            return found

        yield listen


def close(guarded: Guarded, name: str) -> None:
    guarded.workspace.disable_users([name])


def revoke(guarded: Guarded, name: str) -> None:
    guarded.workspace.revoke_role(name, Role.DISPATCHER)


def narrow(guarded: Guarded, name: str) -> None:
    revoke(guarded, name)
    far = Scope.of(areas=["community:990101001002"])
    guarded.workspace.grant_role(name, Grant(Role.DISPATCHER, far))


def take_keys(guarded: Guarded, name: str) -> None:
    guarded.workspace.revoke_keys([key.prefix for key in guarded.workspace.keys(name)])


@pytest.mark.parametrize("change", [close, revoke, narrow, take_keys])
def test_who_may_not_hear_any_more_hears_nothing(
    guarded: Guarded, listening: Listening, change: Callable[[Guarded, str], None]
) -> None:
    workspace, name = guarded.workspace, f"hears-{change.__name__}"
    workspace.add_user(name, [Grant(Role.DISPATCHER)])
    client = guarded.client()
    client.headers["authorization"] = f"Bearer {workspace.add_key(name).token}"
    stream = listening(client, 8)
    change(guarded, name)
    begun = time.monotonic()
    time.sleep(1.0)
    number = report_of(guarded, f"heard-by-{name}")
    text = stream.result(timeout=60)
    assert f'"number":{number}' not in text
    assert time.monotonic() - begun < 6


def test_a_stream_ends_when_who_listens_signs_out(guarded: Guarded, listening: Listening) -> None:
    guarded.workspace.add_user("hears-out", [Grant(Role.DISPATCHER)], password=PASSWORD)
    client = guarded.signed_in("hears-out")
    stream = listening(client, 8)
    begun = time.monotonic()
    assert guarded.workspace.sign_out(client.cookies["gridmap_session"])
    stream.result(timeout=60)
    assert time.monotonic() - begun < 6


def test_for_who_still_may_it_goes_on(guarded: Guarded, listening: Listening) -> None:
    stream = listening(guarded.client("dispatcher"), 2)
    time.sleep(0.5)
    number = report_of(guarded, "heard-on")
    text = stream.result(timeout=60)
    assert f'"number":{number}' in text
    assert "event: order.submit" in text
