"""Sessions of people who are signed in, and wrong passwords that were counted."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, func, insert, or_, select, text, update

from gridmap.store.ids import reserve_ids
from gridmap.store.schema_accounts import login_attempts, sessions

__all__ = [
    "add_session",
    "end_session",
    "find_session",
    "forget_attempts",
    "see_session",
    "sweep",
    "try_attempt",
]

# Keeps these locks apart from others of the store.
_SPACE = 0x6C67  # "lg"


def add_session(
    connection: Connection, user_id: int, hashed: str, *, now: datetime, expires_at: datetime
) -> None:
    """Write a session that ends at `expires_at` at the latest."""
    row = {"user_id": user_id, "token_hash": hashed, "created_at": now, "seen_at": now}
    connection.execute(insert(sessions).values(**row, expires_at=expires_at))


def find_session(connection: Connection, hashed: str) -> Any:
    """Return the row of a session, None when there is none."""
    return connection.execute(select(sessions).where(sessions.c.token_hash == hashed)).one_or_none()


def see_session(connection: Connection, hashed: str, now: datetime) -> None:
    """Note that a session was used."""
    own = sessions.c.token_hash == hashed
    connection.execute(update(sessions).where(own).values(seen_at=now))


def end_session(connection: Connection, hashed: str) -> bool:
    """End a session; False when there was none."""
    own = sessions.c.token_hash == hashed
    return connection.execute(delete(sessions).where(own)).rowcount > 0


def try_attempt(
    connection: Connection,
    waits: Mapping[str, Callable[[int], float]],
    *,
    since: datetime,
    now: datetime,
) -> tuple[float, list[int]]:
    """Count an attempt in every bucket, or none when one of them has to wait.

    Counted before the password is looked at, so that many at once cannot slip through.

    Parameters
    ----------
    waits : mapping of bucket to function
        From the attempts there were to the seconds that have to pass after the last of them.

    Returns
    -------
    tuple of float and list of int
        Seconds still to wait, 0 when the attempt was counted; and the ids of what was written.
    """
    if connection.dialect.name == "postgresql":
        for bucket in sorted(waits):
            lock = text("SELECT pg_advisory_xact_lock(:space, hashtext(:bucket))")
            connection.execute(lock, {"space": _SPACE, "bucket": bucket})
    query = (
        select(login_attempts.c.bucket, func.count(), func.max(login_attempts.c.at))
        .where(login_attempts.c.bucket.in_(waits), login_attempts.c.at >= since)
        .group_by(login_attempts.c.bucket)
    )
    left = [
        waits[bucket](int(n)) - (now - last).total_seconds()
        for bucket, n, last in connection.execute(query)
    ]
    wait = max(left, default=0.0)
    if wait > 0:
        return wait, []
    ids = reserve_ids(connection, login_attempts, len(waits))
    rows = [{"id": i, "bucket": b, "at": now} for i, b in zip(ids, waits, strict=True)]
    connection.execute(insert(login_attempts), rows)
    return 0.0, ids


def forget_attempts(
    connection: Connection,
    buckets: Sequence[str],
    ids: Sequence[int] = (),
    *,
    within: Sequence[str] = (),
) -> None:
    """Forget all attempts of some buckets, of those `within` some, and single ones by id.

    Within the bucket ``a`` are ``a:b``, ``a:c`` ...
    """
    bucket = login_attempts.c.bucket
    below = (bucket.startswith(f"{one}:", autoescape=True) for one in within)
    own = or_(bucket.in_(buckets), login_attempts.c.id.in_(ids), *below)
    connection.execute(delete(login_attempts).where(own))


def sweep(connection: Connection, now: datetime, *, attempts_before: datetime) -> None:
    """Delete sessions that are over and attempts that no longer count."""
    connection.execute(delete(sessions).where(sessions.c.expires_at < now))
    connection.execute(delete(login_attempts).where(login_attempts.c.at < attempts_before))
