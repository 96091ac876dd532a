"""Messages and notices on their way out, in both stores: tried, given up, repeated, never lost."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from gridmap.access import Actor
from gridmap.cases.outcome import MESSAGE_TYPES
from gridmap.cases.table import TRANSITIONS
from gridmap.errors import BadValue, NotAllowed, StoreBusy
from gridmap.outgoing import Channel, DeliveryFailed, verify
from gridmap.outgoing.signatures import HEADER
from gridmap.secrets import Key, Purpose
from gridmap.settings import Settings
from gridmap.workspace import Workspace, open_workspace
from gridmap.workspace.working import BACKOFF
from tests.case_town import Receiver, receiver
from tests.cli_district import gridmap

REPORT = {"lon": 117.0, "lat": 36.6, "coord_sys": "wgs84", "item": "0101"}
CENTRE = Actor.with_role("dispatcher", "zhang")
START = datetime(2026, 3, 12, 1, 0, tzinfo=UTC)
ROOT = Path(__file__).parent.parent


class Hand:
    now = START

    def __call__(self) -> datetime:
        return self.now


@contextmanager
def office(url: str, folder: Path, hand: Hand | None = None, **more: Any) -> Iterator[Workspace]:
    """A site without areas: what comes in waits for the dispatcher, who is told."""
    more = {"outgoing_private": True, "outgoing_timeout_s": 0.5} | more
    settings = Settings(store=url, secrets=folder / "secrets", **more)
    with open_workspace(settings=settings, clock=hand or Hand()) as workspace:
        yield workspace


def report(workspace: Workspace, key: str = "outgoing-key-1") -> int:
    return int(workspace.submit_report(REPORT, key=key, actor=CENTRE)[0]["id"])


def waiting(workspace: Workspace, kind: str = "webhook") -> list[tuple[datetime, int, str]]:
    """When the jobs of a kind are tried next, how often they were, and what came of it."""
    from sqlalchemy import select

    from gridmap.store.schema_cases import jobs

    columns = (jobs.c.run_at, jobs.c.attempts, jobs.c.note)
    query = select(*columns).where(jobs.c.kind == kind, jobs.c.state == "waiting")
    with workspace.store._database.read() as connection:
        return [tuple(row) for row in connection.execute(query.order_by(jobs.c.id))]


def test_a_message_is_tried_at_the_stated_times_then_given_up_and_told(
    store_url: str, tmp_path: Path
) -> None:
    hand = Hand()
    with receiver() as program, office(store_url, tmp_path, hand) as workspace:
        workspace.add_webhook("hw", program.address)
        number = report(workspace)
        program.refused = {f"{number}-1"}
        for n, pause in enumerate(BACKOFF, start=1):
            worked = workspace.work()
            assert worked.failed == 1
            assert waiting(workspace) == [(hand.now + pause, n, "Answered with status 500.")]
            # One moment too early nothing is tried.
            hand.now += pause - timedelta(milliseconds=1)
            assert workspace.work().failed == 0
            hand.now += timedelta(milliseconds=1)
        assert workspace.failed_deliveries(actor=CENTRE) == []
        workspace.work()
        (failure,) = workspace.failed_deliveries(actor=CENTRE)
        assert (failure["to"], failure["event"], failure["attempts"]) == ("hw", f"{number}-1", 8)
        told = [n for n in workspace.inbox(actor=CENTRE)["notices"] if n["kind"] == "failed"]
        assert [n["why"] for n in told] == ["Answered with status 500."]
        # Whoever mends the other side has it sent again; it is the same event.
        program.refused = set()
        assert workspace.redeliver([failure["id"], 10**6], actor=CENTRE) == 1
        workspace.work()
        assert [body["id"] for _, body, _ in program.got].count(f"{number}-1") == 1
        assert workspace.failed_deliveries(actor=CENTRE) == []


def test_what_was_taken_and_not_noted_is_sent_again_under_the_same_id(
    store_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand = Hand()
    with receiver() as program, office(store_url, tmp_path, hand) as workspace:
        _, secret = workspace.add_webhook("hw", program.address)
        report(workspace)

        def busy(*_: object, **__: object) -> None:
            raise StoreBusy("busy", got="x", repair="again")

        with monkeypatch.context() as patch:
            patch.setattr(workspace.store, "finish_job", busy)
            with pytest.raises(StoreBusy):
                workspace.work()
        # The worker that had it is gone: its lease runs out.
        hand.now += timedelta(minutes=5)
        workspace.work()
        workspace.work()
        first, second = program.got
        assert first[1] == second[1]
        assert first[0]["Gridmap-Event-Id"] == second[0]["Gridmap-Event-Id"] == first[1]["id"]
        for moment, (headers, _, raw) in ((START, first), (hand.now, second)):
            assert verify(headers[HEADER], raw, secret, moment)
        # Signed anew each time: the first signature is too old by now.
        assert not verify(first[0][HEADER], first[2], secret, hand.now + timedelta(seconds=1))


def test_each_receiver_checks_with_its_own_secret_and_both_while_keys_change(
    store_url: str, tmp_path: Path
) -> None:
    hand = Hand()
    with receiver() as one, receiver() as other, office(store_url, tmp_path, hand) as workspace:
        _, first = workspace.add_webhook("one", one.address)
        _, second = workspace.add_webhook("other", other.address)
        report(workspace)
        workspace.work()
        for program, right, wrong in ((one, first, second), (other, second, first)):
            headers, _, raw = program.got[0]
            assert verify(headers[HEADER], raw, right, hand.now)
            assert not verify(headers[HEADER], raw, wrong, hand.now)
    env = {"GRIDMAP_STORE": store_url, "GRIDMAP_SECRETS": str(tmp_path / "secrets")}
    assert gridmap("secrets", "rotate", "outgoing", env=env).exit_code == 0
    with office(store_url, tmp_path, hand, outgoing_private=True) as workspace, receiver() as later:
        workspace.set_webhook("other", active=False)
        workspace.store.set_webhook("one", url=later.address)
        report(workspace, "outgoing-key-2")
        workspace.work()
        newest, oldest = workspace.webhook_secrets("one")
        assert oldest == first
        headers, _, raw = later.got[0]
        assert all(verify(headers[HEADER], raw, secret, hand.now) for secret in (newest, oldest))


def test_inside_addresses_get_nothing_unless_the_setting_says_so(
    store_url: str, tmp_path: Path
) -> None:
    hand = Hand()
    with receiver() as program:
        with office(store_url, tmp_path, hand) as workspace:
            workspace.add_webhook("hw", program.address)
        with office(store_url, tmp_path, hand, outgoing_private=False) as workspace:
            report(workspace)
            assert workspace.work().failed == 1
            ((_, attempts, why),) = waiting(workspace)
            assert attempts == 1
            assert "GRIDMAP_OUTGOING_PRIVATE" in why
            assert program.got == []
        hand.now += BACKOFF[0]
        with office(store_url, tmp_path, hand) as workspace:
            workspace.work()
            assert len(program.got) == 1


def test_a_receiver_that_is_silent_holds_up_nobody_elses_messages(
    store_url: str, tmp_path: Path
) -> None:
    asked: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as deaf, receiver() as program:
        deaf.settimeout(0.05)
        stop = threading.Event()

        def listen() -> None:
            while not stop.is_set():
                try:
                    asked.append(deaf.accept()[0])
                except TimeoutError:
                    continue

        thread = threading.Thread(target=listen)
        thread.start()
        hand = Hand()
        with office(store_url, tmp_path, hand) as workspace:
            workspace.add_webhook("deaf", f"http://127.0.0.1:{deaf.getsockname()[1]}/")
            workspace.add_webhook("hw", program.address)
            number = report(workspace)
            for n in range(4):
                workspace.act(number, "order.comment", text=f"{n}", actor=CENTRE)
            worked = workspace.work()
            assert (worked.done["webhook"], worked.failed, len(asked)) == (6, 1, 1)
            assert len(program.got) == 5
            # Those that were not sent were not tried: nothing brings them nearer to their end.
            assert [attempts for _, attempts, _ in waiting(workspace)] == [1, 0, 0, 0, 0]
            hand.now += BACKOFF[0]
            workspace.work()
            assert len(asked) == 2
        stop.set()
        thread.join()
        for one in asked:
            one.close()  # type: ignore[attr-defined]


def test_every_notice_goes_to_the_gateway_once_signed_and_of_now(
    store_url: str, tmp_path: Path
) -> None:
    hand = Hand()
    with office(store_url, tmp_path, hand) as workspace:
        old = report(workspace, "outgoing-key-0")
    hand.now += timedelta(hours=25)
    with (
        receiver() as gateway,
        office(store_url, tmp_path, hand, notice_webhook=gateway.address) as workspace,
    ):
        new = report(workspace)
        gateway.answers = [503]
        workspace.work()
        assert len(waiting(workspace, "notice")) == 1
        hand.now += BACKOFF[0]
        workspace.work()
        workspace.work()
        (secret,) = workspace.webhook_secrets("notices")
        own = [(h, b, raw) for h, b, raw in gateway.got if b["kind"] == "new_report"]
        # What was told a day ago is no news to send.
        assert [body["number"] for _, body, _ in own] == [new] != [old]
        ((headers, body, raw),) = own
        assert verify(headers[HEADER], raw, secret, hand.now)
        assert headers["Gridmap-Notice"] == str(body["id"])
        assert (body["audience_kind"], body["audience"]) == ("role", "dispatcher")
        assert "暴露垃圾" in body["text"]
        assert str(new) in body["text_en"]
        ids = [body["id"] for _, body, _ in gateway.got]
        assert len(ids) == len(set(ids))


def test_a_worker_that_runs_signs_notices_with_both_secrets_while_keys_change(
    store_url: str, tmp_path: Path
) -> None:
    hand, env = Hand(), {"GRIDMAP_STORE": store_url, "GRIDMAP_SECRETS": str(tmp_path / "secrets")}
    with (
        receiver() as gateway,
        office(store_url, tmp_path, hand, notice_webhook=gateway.address) as workspace,
    ):
        report(workspace)
        workspace.work()
        (first,) = workspace.webhook_secrets("notices")
        assert gridmap("secrets", "rotate", "outgoing", env=env).exit_code == 0
        sent = len(gateway.got)
        report(workspace, "outgoing-key-2")
        workspace.work()
        newest, oldest = workspace.webhook_secrets("notices")
        assert oldest == first != newest
        assert len(gateway.got) > sent
        for headers, _, raw in gateway.got[sent:]:
            assert all(verify(headers[HEADER], raw, one, hand.now) for one in (newest, oldest))


def test_a_notice_that_fails_shows_to_the_dispatcher_and_is_not_sent_about_itself(
    store_url: str, tmp_path: Path
) -> None:
    hand, program = Hand(), Receiver()

    class Gateway:
        def send(self, notice: dict[str, Any], moment: datetime) -> None:
            program.got.append(({}, notice, b""))
            raise DeliveryFailed("The line is dead.")

    with office(store_url, tmp_path, hand) as workspace:
        gateway: Channel = Gateway()
        workspace.channel = gateway
        report(workspace)
        workspace.work()
        for pause in BACKOFF:
            hand.now += pause
            workspace.work()
        failure = workspace.failed_deliveries(actor=CENTRE)[0]
        assert failure["attempts"] == 8
        assert (failure["kind"], failure["why"]) == ("notice", "The line is dead.")
        told = [n for n in workspace.inbox(actor=CENTRE)["notices"] if n["kind"] == "failed"]
        assert told[0]["why"] == "The line is dead."
        assert "failed" not in {body["kind"] for _, body, _ in program.got}


def test_the_command_does_what_is_due_once(store_url: str, tmp_path: Path) -> None:
    env = {
        "GRIDMAP_STORE": store_url,
        "GRIDMAP_SECRETS": str(tmp_path / "secrets"),
        "GRIDMAP_OUTGOING_PRIVATE": "true",
        "GRIDMAP_FROZEN_NOW": START.isoformat(),
    }
    with receiver() as program:
        with office(store_url, tmp_path) as workspace:
            workspace.add_webhook("hw", program.address)
            number = report(workspace)
        program.answers = [500]
        said = gridmap("worker", "--once", env=env)
        assert said.exit_code == 0
        assert "Did 1 jobs (webhook 1)." in said.stdout
        assert "1 were not taken by the other side" in said.stdout
        assert gridmap("worker", "--once", env=env).stdout == "Did 0 jobs.\n"
        # Past the limit for confirming: a reminder, its message, and the message that waited.
        later = env | {"GRIDMAP_FROZEN_NOW": (START + timedelta(hours=8)).isoformat()}
        assert "ladder 1, webhook 2" in gridmap("worker", "--once", env=later).stdout
        sent = [(body["id"], body["type"]) for _, body, _ in program.got]
        assert sorted(sent) == [(f"{number}-1", "order.submit"), (f"{number}-2", "order.remind")]
        listed = gridmap("webhooks", "failed", env=later)
        assert listed.exit_code == 0
        assert "hw" not in listed.stdout


def test_what_waits_for_a_further_try_is_listed_with_why_and_when(
    store_url: str, tmp_path: Path
) -> None:
    hand = Hand()
    env = {"GRIDMAP_STORE": store_url, "GRIDMAP_SECRETS": str(tmp_path / "secrets")}
    with receiver() as program, office(store_url, tmp_path, hand) as workspace:
        workspace.add_webhook("hw", program.address)
        number = report(workspace)
        # What was never tried is no failure.
        assert workspace.waiting_deliveries(actor=CENTRE) == []
        program.answers = [500]
        workspace.work()
        (one,) = workspace.waiting_deliveries(actor=CENTRE)
        told = (one["to"], one["event"], one["attempts"], one["why"])
        assert told == ("hw", f"{number}-1", 1, "Answered with status 500.")
        assert one["next_at"] == START + BACKOFF[0]
        assert workspace.failed_deliveries(actor=CENTRE) == []
        listed = gridmap("webhooks", "failed", env=env).stdout
        assert "2026-03-12 09:01" in listed
        assert "Answered with status 500." in listed
        hand.now += BACKOFF[0]
        workspace.work()
        assert workspace.waiting_deliveries(actor=CENTRE) == []


@pytest.mark.parametrize(
    ("url", "types", "error", "said"),
    [
        ("http://192.168.1.10/hook", [], NotAllowed, "private network"),
        ("https://localhost/hook", [], NotAllowed, "private network"),
        ("ftp://hw.example/hook", [], BadValue, "Nothing can be sent"),
        ("https://hw.example/hook", ["ordr.dispatch"], BadValue, "no such type"),
        ("https://hw.example/hook", ["order.close", "orde"], BadValue, "no such type"),
        ("https://hw.example/hook", ["order."], BadValue, "no such type"),
        ("https://hw.example/hook", [""], BadValue, "no such type"),
    ],
)
def test_a_webhook_that_nothing_would_ever_reach_is_refused_when_it_is_added(
    store_url: str, tmp_path: Path, url: str, types: list[str], error: type[Exception], said: str
) -> None:
    with office(store_url, tmp_path, outgoing_private=False) as workspace:
        with pytest.raises(error, match=said):
            workspace.add_webhook("hw", url, types=types)
        assert workspace.webhooks() == []
        for n, one in enumerate(("order", "order.extend", "whistle.call", "monthly_report")):
            workspace.add_webhook(f"hw-{n}", "https://hw.example/hook", types=[one])


def test_all_types_of_messages_that_the_program_writes_are_known_and_stand_in_the_guide() -> None:
    rooms = ("workspace", "store")
    sources = [path for room in rooms for path in (ROOT / "gridmap" / room).rglob("*.py")]
    literal = re.compile(r'"((?:supervision|monthly_report)\.[a-z_]+)"')
    written = {name for path in sources for name in literal.findall(path.read_text("utf-8"))}
    assert len(written) == 6
    assert written | set(TRANSITIONS) == set(MESSAGE_TYPES)
    guide = (ROOT / "docs" / "webhooks.md").read_text("utf-8")
    listed = guide.partition("## Types of messages")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([a-z_.]+)` \|", listed, re.MULTILINE)
    assert sorted(rows) == sorted(MESSAGE_TYPES)


def test_a_worker_without_an_outgoing_key_goes_on_and_says_what_to_set(
    store_url: str, tmp_path: Path
) -> None:
    hand = Hand()
    given = {
        f"{one}_keys": SecretStr(Key(f"key{n}", bytes([n]) * 32).text)
        for n, one in enumerate((Purpose.SESSION, Purpose.PERSONAL))
    }
    with (
        receiver() as gateway,
        office(store_url, tmp_path, hand, notice_webhook=gateway.address, **given) as workspace,
    ):
        report(workspace)
        assert workspace.work().failed == 1
        (one,) = workspace.waiting_deliveries(actor=CENTRE)
        assert "GRIDMAP_OUTGOING_KEYS" in one["why"]
        # The limit for confirming passes: the reminder goes out all the same.
        hand.now += timedelta(hours=8)
        assert workspace.work().done["ladder"] == 1
        assert gateway.got == []
    assert not (tmp_path / "secrets").exists()
