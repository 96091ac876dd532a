"""Who sent a report, and the receipt that shows it: what lets somebody follow their report."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, func, insert, select

from gridmap.store.routes import report_of_key
from gridmap.store.schema import reports
from gridmap.store.schema_accounts import report_senders, users

__all__ = [
    "Sender",
    "add_sender",
    "read_sender",
    "report_of_proof",
    "report_of_receipt",
    "reports_of_sender",
]


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sent a report.

    Attributes
    ----------
    receipt : str
    account : int or None
        None for who was not signed in.
    name : str or None
        Of the account.
    """

    receipt: str
    account: int | None = None
    name: str | None = None


def add_sender(
    connection: Connection, report_id: int, *, receipt: str, account: int | None
) -> None:
    """Note who sent a report, and the receipt they get for it."""
    row = {"report_id": report_id, "receipt": receipt, "account_id": account}
    connection.execute(insert(report_senders).values(row))


def read_sender(connection: Connection, report_id: int) -> Sender | None:
    """Return who sent a report; None for one that came with a file, or was anonymised."""
    query = (
        select(report_senders.c.receipt, report_senders.c.account_id, users.c.name)
        .outerjoin(users, users.c.id == report_senders.c.account_id)
        .where(report_senders.c.report_id == report_id)
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else Sender(row.receipt, row.account_id, row.name)


def report_of_proof(connection: Connection, proof: str) -> int | None:
    """Return the report that an idempotency key or a receipt stands for; None for none."""
    known = report_of_key(connection, proof)
    return known if known is not None else report_of_receipt(connection, proof)


def report_of_receipt(connection: Connection, receipt: str) -> int | None:
    """Return the report that a receipt was given for; None for none."""
    query = select(report_senders.c.report_id).where(report_senders.c.receipt == receipt)
    found: int | None = connection.execute(query).scalar()
    return found


def reports_of_sender(
    connection: Connection, account: int, *, limit: int, offset: int
) -> tuple[int, list[int]]:
    """Return how many reports an account sent, and the numbers on a page, newest first."""
    own = report_senders.c.account_id == account
    total = connection.execute(select(func.count()).select_from(report_senders).where(own))
    query = (
        select(reports.c.id)
        .join(report_senders, report_senders.c.report_id == reports.c.id)
        .where(own)
        .order_by(reports.c.received_at.desc(), reports.c.id.desc())
    )
    page = connection.execute(query.limit(limit).offset(offset)).scalars()
    return int(total.scalar_one()), [int(number) for number in page]
