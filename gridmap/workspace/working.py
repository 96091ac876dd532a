"""The worker: what time brings, done once, whoever works and however often it dies."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, TypeVar

import orjson

from gridmap.cases import supervision
from gridmap.cases.fields import stored_moment
from gridmap.cases.following import sent_on
from gridmap.cases.ladder import Job, climb
from gridmap.cases.model import SYSTEM, Event, Order
from gridmap.cases.notices import Notice, NoticeKind, role
from gridmap.cases.outcome import Outcome, outcome_of
from gridmap.cases.states import State
from gridmap.cases.supervision import SupervisionState
from gridmap.cases.waiting import waited
from gridmap.errors import SecretsUnusable, StoreError
from gridmap.outgoing import Channel, DeliveryFailed, WebhookChannel, post, sign
from gridmap.outgoing.signatures import HEADER
from gridmap.store.case_store import JobResult
from gridmap.store.jobs import LeasedJob
from gridmap.workspace.photographing import Photographing
from gridmap.workspace.telling import NOTICES, message_shown

__all__ = ["BACKOFF", "Worked", "Working"]

log = logging.getLogger("gridmap.worker")

T = TypeVar("T")

# Waiting times after each failure of something sent; after the last it is given up.
BACKOFF = tuple(timedelta(minutes=m) for m in (1, 5, 30, 120, 360, 720, 1440))

# A notice that is older when a gateway is put in is no news.
_NEWS = timedelta(hours=24)


@dataclass(slots=True)
class Worked:
    """What a round of work came to.

    Attributes
    ----------
    done : dict of kind to count
    failed : int
        Sent and not taken, to be tried again or given up.
    silent : set of str
        Receivers that did not answer: nothing more is sent to them in this round, or one that
        is gone would hold up everybody else's messages.
    """

    done: dict[str, int] = field(default_factory=dict)
    failed: int = 0
    silent: set[str] = field(default_factory=set)

    @property
    def total(self) -> int:
        """How many jobs were worked on."""
        return sum(self.done.values())


class Working(Photographing):
    """Jobs whose moment has come."""

    # A site's own gateway may be put here; see `gridmap.outgoing.channels`.
    channel: Channel | None = None

    def work(self, *, most: int = 10_000) -> Worked:
        """Do what is due now, at most `most` jobs; what that brings about is done as well."""
        worked = Worked()
        self._tend()
        while worked.total < most and (jobs := self.store.claim_jobs()):
            for job in jobs:
                self._work(job, worked)
            self._tend()
        return worked

    # -- inside ---------------------------------------------------------------------

    def _tend(self) -> None:
        """Let orders follow what their reports learnt, and queue notices for the gateway."""
        for number, due in _paged(self.store.orders_with_new_due):
            with _alone(number):
                self._system(number, "order.due", due_at=stored_moment(due))
        for number, _ in _paged(self.store.orders_to_follow):
            with _alone(number):
                self.store.follow_order(number, self._follow_route)
        for number, _ in _paged(self.store.orders_to_move):
            with _alone(number):
                self.store.move_order(number, self._follow_move)
        if self._channel() is not None:
            while self.store.queue_notices(self._notice_job):
                pass

    def _system(self, number: int, action: str, **fields: Any) -> None:
        def decide(orders: Mapping[int, Order], now: datetime) -> list[Outcome]:
            order = orders[number]
            if not order.is_open or (action == "order.due" and order.due_at is not None):
                return []
            return [outcome_of(order, Event(action, SYSTEM, now, fields=fields), self.case_rules)]

        self.store.change_orders([number], decide)

    def _follow_route(self, route: Mapping[str, Any], order: Order, now: datetime) -> list[Outcome]:
        """Let an order go where a ruling or new rules send its report, and wait as it waits.

        A clock that stands still says nothing of whose it is: people may have sent the order on.
        """
        found, rules = list[Outcome](), self.case_rules
        if route["rerouted"]:
            found += self._sent_anew(route, order, now)
            order = found[-1].order if found else order
        if not order.managed_by:
            told = route["due_at"], route["due_reason"], route["pauses"]
            fields = waited(order, rules, *told)
            waits = outcome_of(order, Event("order.due", SYSTEM, now, fields=fields), rules)
            # What leaves it as it is is no news.
            if replace(waits.order, version=order.version) != order:
                found.append(waits)
        return found

    def _sent_anew(self, route: Mapping[str, Any], order: Order, now: datetime) -> list[Outcome]:
        """Return what becomes of an order whose report was routed anew; nothing: it stays."""
        lead, co = route["department"], route["co_departments"] or []
        first = {"first_responder": route["first_responder"] or ""}
        if lead and order.state is State.OWNERSHIP_REVIEW:
            sent = {"lead": lead, "co_departments": [c for c in co if c != lead], "why": "ruling"}
            ruled = Event("order.rule", SYSTEM, now, fields=sent)
            return [outcome_of(order, ruled, self.case_rules, first)]
        goes = sent_on(order, lead, co, route["co_before"]) if lead else {}
        if not goes and first["first_responder"] == order.first_responder:
            return []
        moved = Event("order.move", SYSTEM, now, fields=first | goes)
        return [outcome_of(order, moved, self.case_rules)]

    def _follow_move(self, move: Mapping[str, Any], order: Order, now: datetime) -> list[Outcome]:
        """Let an order go where an edition in force moves its report."""
        fields: dict[str, Any] = {"areas": dict(move["new_codes"]), "edition": move["edition"]}
        if move["routes"]:
            lead, co = move["department"], move["co_departments"] or []
            fields["first_responder"] = move["first_responder"] or ""
            fields |= sent_on(order, lead, co, move["co_before"]) if lead else {}
        event = Event("order.move", SYSTEM, now, fields=fields)
        return [outcome_of(order, event, self.case_rules)]

    def _work(self, job: LeasedJob, worked: Worked) -> None:
        """Do one job; one that cannot be done is written down and stops no other."""
        receiver = f"webhook {job.payload['webhook']}" if job.kind == "webhook" else job.kind
        if receiver in worked.silent:
            later = self.clock() + BACKOFF[0]
            self.store.finish_job(job, again_at=later, tried=False, note="not asked: no answer")
            return
        try:
            done = self._DOERS[job.kind](self, job)
        except SecretsUnusable as error:
            # The store is well: only what is signed has to wait for the key.
            done = self._failed_job(job, f"{error.message} {error.repair or ''}".rstrip())
        except StoreError:
            # Nothing can be written: the lease runs out, and somebody does it then.
            raise
        except DeliveryFailed as error:
            if error.silent:
                worked.silent.add(receiver)
            done = self._failed_job(job, str(error))
        except Exception as error:
            # Whatever it is: the jobs behind it have nothing to do with it.
            log.exception("job %s failed", job.key)
            done = self._failed_job(job, f"{error or type(error).__name__}")
        worked.done[job.kind] = worked.done.get(job.kind, 0) + 1
        worked.failed += not done

    def _ladder(self, job: LeasedJob) -> bool:
        rules = self.case_rules

        def decide(order: Order | None, now: datetime) -> JobResult:
            assert order is not None
            step, mark = job.payload["step"], job.payload["mark"]
            reached = climb(order, rules, step, mark, now)
            outcomes = []
            for event in reached.events:
                outcomes.append(outcome_of(order, event, rules))
                order = outcomes[-1].order
            note = ", ".join(o.event.action for o in outcomes) or "not needed"
            return JobResult(outcomes, again_at=reached.again_at, note=note)

        return self.store.work_job(job, decide)

    def _to_board(self, job: LeasedJob) -> bool:
        assert job.number is not None
        put = self.put_before_board(job.number)
        return self.store.finish_job(job, note="put before the board" if put else "not needed")

    def _move(self, job: LeasedJob) -> bool:
        assert job.number is not None
        self.follow_editions(job.number)
        return self.store.finish_job(job, note="editions to come were asked")

    def _supervision(self, job: LeasedJob) -> bool:
        one = self.store.supervision(job.payload["id"])
        late = one.state is SupervisionState.ISSUED and self.clock() >= one.reply_by
        notices = supervision.told(one, NoticeKind.SUPERVISION_LATE) if late else []
        return self.store.finish_job(job, notices=notices, note="late" if late else "answered")

    def _webhook(self, job: LeasedJob) -> bool:
        hooks = {one["id"]: one for one in self.store.webhooks()}
        hook = hooks[job.payload["webhook"]]
        if not hook["active"]:
            return self.store.finish_job(job, note="switched off")
        message = message_shown(self.store.message(job.payload["event"]))
        body = orjson.dumps(message)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "gridmap",
            "Gridmap-Event": message["type"],
            "Gridmap-Event-Id": message["id"],
            HEADER: sign(body, self._secrets(hook["salt"]), self.clock()),
        }
        settings = self.settings
        sent = post(
            hook["url"], body, headers,
            timeout_s=settings.outgoing_timeout_s, private=settings.outgoing_private,
        )  # fmt: skip
        self.store.finish_job(job, note=f"status {sent.status}")
        return True

    def _notice(self, job: LeasedJob) -> bool:
        channel = self._channel()
        if channel is None:
            return self.store.finish_job(job, note="no gateway")
        notice = self.store.notice(job.payload["notice"])
        told = {
            name: notice[name] for name in ("id", "kind", "audience_kind", "audience", "number")
        }
        told |= {"at": stored_moment(notice["at"])}
        told |= {
            "text": self._notice_text(notice, "zh"),
            "text_en": self._notice_text(notice, "en"),
        }
        channel.send(told, self.clock())
        self.store.finish_job(job, note="sent")
        return True

    def _failed_job(self, job: LeasedJob, why: str) -> bool:
        """Let a job be tried again later; after the last time tell the dispatcher. Never True."""
        if job.attempts < len(BACKOFF):
            again = self.clock() + BACKOFF[job.attempts]
            self.store.finish_job(job, again_at=again, note=why)
            return False
        told = Notice(NoticeKind.FAILED, role("dispatcher"), job.number, {"why": why})
        self.store.finish_job(job, dead=True, note=why, notices=[told])
        log.error("job %s is given up: %s", job.key, why)
        return False

    _DOERS: Mapping[str, Any] = {
        "ladder": _ladder,
        "move": _move,
        "review": _to_board,
        "supervision": _supervision,
        "webhook": _webhook,
        "notice": _notice,
    }

    def _channel(self) -> Channel | None:
        if self.channel is None and self.settings.notice_webhook:
            self.channel = WebhookChannel(
                self.settings.notice_webhook,
                lambda: self._needed_secrets(NOTICES),
                self.settings.outgoing_timeout_s,
                self.settings.outgoing_private,
            )
        return self.channel

    def _notice_job(self, notice: Mapping[str, Any]) -> Job | None:
        # A failure told by the way that failed would fail as well.
        now = self.clock()
        if notice["kind"] == NoticeKind.FAILED.value or now - notice["at"] > _NEWS:
            return None
        return Job("notice", f"notice:{notice['id']}", now, None, {"notice": notice["id"]})


def _paged(ask: Callable[[int], list[tuple[int, T]]]) -> Iterator[tuple[int, T]]:
    """Yield all orders that a question is about, page by page: those that fail are passed by."""
    after = 0
    while found := ask(after):
        yield from found
        after = found[-1][0]


@contextmanager
def _alone(number: int) -> Iterator[None]:
    """Let what an order cannot follow stop no other; a store that cannot be used stops all."""
    try:
        yield
    except StoreError:
        raise
    except Exception:
        log.exception("order %d does not follow its report", number)
