"""The town with people in every part of an order's life, each with a key of their own."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from starlette.testclient import TestClient

from gridmap.access import Grant, Role, Scope
from gridmap.workspace import Workspace
from tests.api_town import Hands, send, spot
from tests.route_town import WEST

PEOPLE = {
    "zhang": (Role.DISPATCHER, Scope()),
    "wang": (Role.GRID_WORKER, Scope.of(areas=[f"subdistrict:{WEST}"])),
    "li": (Role.GRID_LEAD, Scope.of(areas=[f"subdistrict:{WEST}"])),
    "zhou": (Role.COMMUNITY_OFFICER, Scope.of(areas=[f"community:{WEST}001"])),
    "chen": (Role.SUBDISTRICT_OFFICER, Scope.of(areas=[f"subdistrict:{WEST}"])),
    "hao": (Role.HANDLER, Scope.of(departments=["HW"])),
    "cao": (Role.HANDLER, Scope.of(departments=["CG"])),
    "shui": (Role.HANDLER, Scope.of(departments=["SW"])),
    "jian": (Role.SUPERVISOR, Scope()),
    "ling": (Role.LEADER, Scope()),
    "boss": (Role.ADMIN, Scope()),
}
# Who sends reports signed in, and works for nobody.
SENDERS = {"gu": Role.RESIDENT, "dai": Role.DELEGATE, "lin": Role.RESIDENT}
# Outside any estate: litter there is the sanitation unit's.
STREET = (0.2, 0.2)


def settle(workspace: Workspace) -> dict[str, str]:
    """Give everybody an account and a key; return the keys by name."""
    keys = {}
    for name, (role, scope) in PEOPLE.items():
        workspace.add_user(name, [Grant(role, scope)])
        keys[name] = workspace.add_key(name).token
    return keys


def settle_senders(workspace: Workspace) -> dict[str, str]:
    """Give residents and a delegate accounts and keys; return the keys by name."""
    keys = {}
    for name, role in SENDERS.items():
        workspace.add_user(name, [Grant(role)])
        keys[name] = workspace.add_key(name).token
    return keys


class Town:
    """People at the doors of the service, and its clock."""

    def __init__(self, workspace: Workspace, client: TestClient, keys: dict[str, str]) -> None:
        self.workspace, self.client, self.keys = workspace, client, keys
        hands = workspace.clock
        assert isinstance(hands, Hands)
        self.hands = hands
        self.sent = 0

    def report(self, place: tuple[float, float] = STREET, **more: Any) -> tuple[int, str]:
        """A resident sends a report; returns its number and the key it was sent with."""
        self.sent += 1
        key = f"loop-key-{id(self)}-{self.sent}"
        answer = send(self.client, spot(*place, **more), key)
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"]), key

    def sent_by(self, who: str, place: tuple[float, float] = STREET, **more: Any) -> Any:
        """Somebody with an account, or nobody's name, sends a report; returns the answer's body."""
        self.sent += 1
        headers = {"Idempotency-Key": f"sent-by-{id(self)}-{self.sent}"}
        if who:
            headers["Authorization"] = f"Bearer {self.keys[who]}"
        answer = self.client.post("/api/reports", json=spot(*place, **more), headers=headers)
        assert answer.status_code == 201, answer.text
        return answer.json()

    def ask(self, who: str, method: str, path: str, **more: Any) -> Any:
        """Somebody asks something, with their key; nobody's name is a resident."""
        headers = {"Authorization": f"Bearer {self.keys[who]}"} if who else {}
        return self.client.request(method, path, headers=headers, **more)

    def act(self, who: str, number: int, action: str, status: int = 200, /, **body: Any) -> Any:
        """Somebody does something with an order; returns the answer's body."""
        answer = self.ask(who, "POST", f"/api/reports/{number}/{action}", json=body)
        assert answer.status_code == status, (who, action, answer.text)
        return answer.json()

    def stop(self, number: int, reason: str = "material") -> None:
        """A report's clock stands still from now on."""
        door, body = f"/api/reports/{number}/pause", {"reason": reason}
        answer = self.ask("zhang", "POST", door, json=body)
        assert answer.status_code == 200, answer.text

    def go_on(self, number: int) -> None:
        """A report's clock runs on."""
        answer = self.ask("zhang", "POST", f"/api/reports/{number}/resume")
        assert answer.status_code == 200, answer.text

    def order(self, number: int) -> Any:
        """The order as the dispatcher sees it."""
        answer = self.ask("zhang", "GET", f"/api/orders/{number}")
        assert answer.status_code == 200, answer.text
        return answer.json()

    def at(self, local: str) -> None:
        """Move the clock, and let the worker do what is due."""
        self.hands.set(local)
        self.workspace.work()

    def told(self, who: str, number: int) -> list[str]:
        """Kinds of what somebody was told about an order, in order."""
        answer = self.ask(who, "GET", "/api/inbox?limit=1000")
        assert answer.status_code == 200, answer.text
        found = [one["kind"] for one in answer.json()["notices"] if one["number"] == number]
        return found[::-1]

    def history(self, number: int) -> list[str]:
        """What happened to an order, in order."""
        return [one["action"] for one in self.order(number)["history"]]


class Receiver:
    """A program that is told things.

    It takes everything but the events in `refused`, once it has given the next `answers`.
    """

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], Any, bytes]] = []
        self.answers: list[int] = []
        self.refused: set[str] = set()
        self.address = ""

    def take(self, headers: dict[str, str], raw: bytes) -> int:
        """Return the status that a message is answered with."""
        body = json.loads(raw)
        status = self.answers.pop(0) if self.answers else 200
        if body["id"] in self.refused:
            return 500
        if status == 200:
            self.got.append((headers, body, raw))
        return status


@contextmanager
def receiver() -> Iterator[Receiver]:
    """A program that listens on this machine."""
    program = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(program.take(dict(self.headers), raw))
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    program.address = f"http://127.0.0.1:{server.server_port}/hook"
    try:
        yield program
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
