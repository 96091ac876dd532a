"""The store as the rest of gridmap sees it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select

from gridmap.access import EVERYWHERE, Actor, Scope
from gridmap.garbage import collecting_later
from gridmap.store import moved, moves, past, people, records, reports, routes, senders
from gridmap.store.account_store import AccountStore
from gridmap.store.case_store import CaseStore
from gridmap.store.draft_store import DraftStore
from gridmap.store.edition_store import EditionStore
from gridmap.store.editions import read_edition
from gridmap.store.lineage_store import LineageStore
from gridmap.store.number_store import NumberStore
from gridmap.store.photo_store import PhotoStore
from gridmap.store.place_photos import PlacePhotoStore, drop_orphans, set_place_photos
from gridmap.store.review_store import ReviewStore
from gridmap.store.rule_store import RuleStore
from gridmap.store.schema import meta
from gridmap.store.senders import Sender
from gridmap.times import ensure_utc

if TYPE_CHECKING:
    from gridmap.cases.ladder import Job
    from gridmap.cases.rules import CaseRules
    from gridmap.places.photos import PlacePhoto
    from gridmap.routing.book import Decision
    from gridmap.routing.clock import Due
    from gridmap.routing.moves import MovePlan, OpenReport
    from gridmap.routing.reviews import ReviewCase

__all__ = ["Store"]


class Store(
    EditionStore,
    LineageStore,
    RuleStore,
    ReviewStore,
    AccountStore,
    CaseStore,
    NumberStore,
    DraftStore,
    PhotoStore,
    PlacePhotoStore,
):
    """Editions, areas and reports, in a GeoPackage or in PostGIS.

    Opened with :meth:`open`; a context manager. One object may be used by many threads.
    Every method is one transaction, except those that copy or import areas, which say so.

    Any method may raise :class:`~gridmap.errors.StoreBusy` (another program has been writing
    for longer than `busy_timeout_s`), :class:`~gridmap.errors.StoreFull` and
    :class:`~gridmap.errors.StoreUnusable`.
    """

    def add_reports(
        self,
        rows: Mapping[str, Any],
        decisions: Sequence[Decision] | None = None,
        cases: Sequence[ReviewCase | None] | None = None,
    ) -> int:
        """Store reports with their answers and routes, all or none; return how many.

        `cases` says which of them go to ownership review. For the columns see
        :func:`gridmap.store.reports.add_reports`.
        """
        # Not while others write: their garbage would wait as well.
        with self._database.write() as connection, collecting_later():
            now = self._database.clock()
            made = reports.add_reports(connection, rows, now)
            ids = [row["id"] for row in made]
            if decisions is not None:
                routes.add_routes(connection, ids, decisions, now)
            self.begin_orders(connection, made, decisions, now, reviewed=cases or ())
            self._touched(connection, "reports", "report_routes")
            return len(ids)

    def add_report(
        self,
        rows: Mapping[str, Any],
        decision: Decision,
        case: ReviewCase | None = None,
        *,
        key: str,
        body_sha256: str,
        person: Callable[[int], tuple[str, Mapping[str, str | None]]] | None = None,
        rules: CaseRules | None = None,
        further: Callable[[int], Sequence[Job]] | None = None,
        sender: Sender | None = None,
    ) -> tuple[int, bool]:
        """Store one report once: return its id, and False when `key` stood for it already.

        With a `case` it goes to ownership review. `person` returns, for the report's id, the
        id of the key and the sealed fields of whom it names; they are bound to that id. With
        `rules` people are told of the report, and time acts on its order. `further` returns
        what else is to be done about it, for its id. `sender` may follow it.

        Raises
        ------
        Conflict
            When the key was used with another body.
        """
        with self._database.write() as connection:
            routes.lock_key(connection, key)
            known = routes.find_key(connection, key, body_sha256)
            if known is not None:
                return known, False
            now = self._database.clock()
            made = reports.add_reports(connection, rows, now)
            number = made[0]["id"]
            routes.add_routes(connection, [number], [decision], now)
            routes.remember_key(connection, key, body_sha256, number, now)
            if person is not None:
                sealing, sealed = person(number)
                people.add_person(connection, number, sealed, key=sealing, now=now)
            if sender is not None:
                senders.add_sender(
                    connection, number, receipt=sender.receipt, account=sender.account
                )
            wanted = () if further is None else further(number)
            self.begin_orders(connection, made, [decision], now, rules, wanted, [case])
            self._touched(connection, "reports", "report_routes", "report_keys")
            return number, True

    def known_report(self, key: str, body_sha256: str) -> int | None:
        """Return the report a client's key stands for; `Conflict` with another body."""
        with self._database.read() as connection:
            return routes.find_key(connection, key, body_sha256)

    def report_of_proof(self, proof: str) -> int | None:
        """Return the report that a client's key or a receipt stands for; None for none."""
        with self._database.read() as connection:
            return senders.report_of_proof(connection, proof)

    def report_of_receipt(self, receipt: str) -> int | None:
        """Return the report that a receipt was given for; None for none."""
        with self._database.read() as connection:
            return senders.report_of_receipt(connection, receipt)

    def sender(self, report_id: int) -> Sender | None:
        """Return who sent a report; None where nobody may follow it."""
        with self._database.read() as connection:
            return senders.read_sender(connection, report_id)

    def reports_of_sender(self, account: int, *, limit: int, offset: int) -> tuple[int, list[int]]:
        """Return how many reports an account sent, and the numbers on a page, newest first."""
        with self._database.read() as connection:
            return senders.reports_of_sender(connection, account, limit=limit, offset=offset)

    def report(self, report_id: int) -> dict[str, Any]:
        """Return one report with the route it has now, or raise `NotFound`."""
        with self._database.read() as connection:
            return routes.read_report(connection, report_id, self._database.clock())

    def reports(
        self,
        filters: Mapping[str, Any],
        *,
        limit: int,
        offset: int = 0,
        since: datetime | None = None,
        until: datetime | None = None,
        within: Sequence[Scope] = (EVERYWHERE,),
    ) -> tuple[int, list[dict[str, Any]]]:
        """Return how many reports match, and one page of them, newest first.

        Only those that lie in one of the scopes.
        """
        with self._database.read() as connection:
            now = self._database.clock()
            total = routes.count_matching(
                connection, filters, now, since=since, until=until, within=within
            )
            return total, routes.read_reports(
                connection, filters, now, limit=limit, offset=offset, since=since, until=until,
                within=within,
            )  # fmt: skip

    def open_reports(
        self,
        *,
        start: datetime,
        until: datetime | None,
        edition: str | None = None,
        numbers: Sequence[int] | None = None,
        after: int = 0,
    ) -> list[OpenReport]:
        """Return open reports as an edition finds them; see :mod:`gridmap.store.moves`."""
        with self._database.read() as connection:
            return moves.open_reports(
                connection,
                start=start,
                until=until,
                edition=edition,
                numbers=numbers,
                after=after,
            )

    def record_moves(self, plan: MovePlan, actor: Actor) -> int:
        """Record what a published edition does to reports that came in since; how many."""
        with self._database.write() as connection:
            edition = read_edition(connection, plan.edition)
            now = self._database.clock()
            count = moves.record_moves(connection, plan, edition.id, actor.name, now)
            self._touched(connection, "report_moves")
            return count

    def moves_of(self, report_id: int) -> list[dict[str, Any]]:
        """Return what editions did to a report, in the order of their dates."""
        with self._database.read() as connection:
            return moved.moves_of(connection, report_id)

    def reports_without_due(self, *, after: int = 0, limit: int = 1000) -> list[dict[str, Any]]:
        """Return reports whose due time waits for a calendar, with what it is counted from.

        In the order of their ids, at most `limit` with an id above `after`.
        """
        with self._database.read() as connection:
            now = self._database.clock()
            return routes.due_missing(connection, now, after=after, limit=limit)

    def reports_without_due_count(self) -> int:
        """Return how many reports wait for a calendar."""
        with self._database.read() as connection:
            return routes.count_due_missing(connection, self._database.clock())

    def next_due_move(self) -> datetime | None:
        """Return when the next move counts by which a report waits for a calendar, if any."""
        with self._database.read() as connection:
            return routes.next_due_move(connection, self._database.clock())

    def set_due(self, dues: Sequence[tuple[int, Due, Sequence[Mapping[str, Any]]]]) -> int:
        """Put in due times: (report id, due, all steps); return how many still waited."""
        with self._database.write() as connection:
            count = routes.set_due(connection, dues, self._database.clock())
            self._touched(connection, "report_routes")
            return count

    def put_records(
        self,
        kind: str,
        rows: Iterable[Mapping[str, Any]],
        *,
        replace: bool = False,
        only: Mapping[str, Any] | None = None,
        photos: Mapping[str, Sequence[PlacePhoto]] | None = None,
        by: str = "",
    ) -> tuple[int, int]:
        """Write district records of a kind; see :func:`gridmap.store.records.put_records`.

        Places named by `photos` have those afterwards, added by `by`, and no others. The
        photos of a place that is gone are gone.
        """
        with self._database.write() as connection:
            records.lock_records(connection, kind)
            counts = records.put_records(connection, kind, rows, replace=replace, only=only)
            if photos:
                set_place_photos(connection, photos, by=by, now=self._database.clock())
            if kind == "places" and replace:
                drop_orphans(connection)
            self._changed(connection, kind)
            return counts

    def change_records(
        self,
        kind: str,
        decide: Callable[[list[dict[str, Any]]], Iterable[Mapping[str, Any]]],
        *,
        replace: bool = False,
    ) -> tuple[int, int]:
        """Write what `decide` makes of the records of a kind; nobody else changes them between.

        As :meth:`put_records`; nothing is written, and nothing told, when it makes none.
        """
        with self._database.write() as connection:
            records.lock_records(connection, kind)
            rows = list(decide(records.get_records(connection, kind)))
            if not rows and not replace:
                return 0, 0
            counts = records.put_records(connection, kind, rows, replace=replace)
            self._changed(connection, kind)
            return counts

    def records(self, kind: str) -> list[dict[str, Any]]:
        """Return all district records of a kind, in code order."""
        with self._database.read() as connection:
            return records.get_records(connection, kind)

    def records_of(self, kinds: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
        """Return the district records of several kinds as they are at one moment."""
        with self._database.read() as connection:
            return {kind: records.get_records(connection, kind) for kind in kinds}

    def mark_demo(self) -> None:
        """Mark everything in this store as invented, for every map and page to say so."""
        with self._database.write() as connection:
            connection.execute(delete(meta).where(meta.c.key == "demo"))
            connection.execute(insert(meta).values(key="demo", value="1"))
            self._changed(connection, "meta")

    def is_demo(self) -> bool:
        """True when the store's data are invented."""
        with self._database.read() as connection:
            query = select(meta.c.value).where(meta.c.key == "demo")
            return connection.execute(query).scalar() == "1"

    def report_counts(
        self, level: str, *, since: datetime | None = None, until: datetime | None = None
    ) -> dict[str, int]:
        """Return the number of reports per area code of `level` in [since, until)."""
        with self._database.read() as connection:
            return reports.count_reports(connection, level, since=since, until=until)

    def past_reports(self, since: datetime, until: datetime) -> dict[str, Any]:
        """Return the reports of a period as arrays; see :mod:`gridmap.store.past`."""
        with self._database.read() as connection:
            return past.read_past_reports(connection, ensure_utc(since), ensure_utc(until))
