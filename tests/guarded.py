"""An application whose store has accounts, as the tests use it: keys, sign-in, people."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from fastapi import FastAPI
from starlette.testclient import TestClient

from gridmap.workspace import Workspace
from tests.api_client import LOCAL, REMOTE

PASSWORD = "three unrelated words"
# The district's posts and canteen have nobody's data in them; these are told apart anywhere.
PERSON = {
    "reporter_name": "标记甲乙丙",
    "reporter_phone": "13900008888",
    "reporter_address": "标记路77号3单元",
}
REPORT = {"lon": 117.005, "lat": 36.605, "coord_sys": "wgs84", "item": "0306", "text": "路灯不亮"}


class Watch:
    """A clock that a test moves."""

    def __init__(self, start: datetime) -> None:
        self.now = self.start = start

    def __call__(self) -> datetime:
        return self.now

    def pass_by(self, **time: float) -> None:
        """Let time pass."""
        self.now += timedelta(**time)


@dataclass(frozen=True)
class Guarded:
    """An application over a store with accounts, and a key for each role."""

    app: FastAPI
    workspace: Workspace
    watch: Watch
    tokens: dict[str, str]

    def client(self, role: str | None = None, *, remote: bool = True) -> TestClient:
        """A client with the key of a role; without one, with none."""
        headers = {} if role is None else {"authorization": f"Bearer {self.tokens[role]}"}
        # Over TLS, so that cookies are Secure as they are in earnest.
        return TestClient(
            self.app, client=REMOTE if remote else LOCAL, headers=headers, follow_redirects=False
        )

    def signed_in(self, name: str = "wang", password: str = PASSWORD) -> TestClient:
        """A client that has signed in at the page."""
        client = self.client()
        answer = sign_in(client, name, password)
        assert answer.status_code == 303, answer.text
        return client


def form_token(html: str) -> str:
    """The token in a page's form."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', html)
    assert found, html
    return found[1]


def sign_in(client: TestClient, name: str, password: str, **more: str):
    """Fill in the form as a browser does."""
    token = form_token(client.get("/login").text)
    return client.post(
        "/login", data={"name": name, "password": password, "csrf_token": token, **more}
    )


def report_of(guarded: Guarded, key: str, role: str | None = None, **more: object) -> int:
    """Send a report that names the marked person; return its number."""
    answer = guarded.client(role).post(
        "/api/reports", json={**REPORT, **PERSON, **more}, headers={"idempotency-key": key}
    )
    assert answer.status_code in {200, 201}, answer.text
    return int(answer.json()["id"])


def stored_bytes(workspace: Workspace) -> bytes:
    """Everything that the store keeps: the file with its log, or every row of every table."""
    if workspace.store.kind == "geopackage":
        path = Path(workspace.store.where)
        return b"".join(one.read_bytes() for one in path.parent.glob(f"{path.name}*"))
    with workspace.store._database.read() as connection:
        names = connection.exec_driver_sql(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public' "
            "AND table_type = 'BASE TABLE'"
        ).scalars()
        rows = [
            str(connection.exec_driver_sql(f'SELECT t.*::text FROM public."{name}" t').all())
            for name in names
        ]
    return "\n".join(rows).encode()
