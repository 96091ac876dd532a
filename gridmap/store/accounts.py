"""Accounts, their roles and their keys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, insert, select, update

from gridmap.access import Grant, Role, Scope
from gridmap.access.account import Account, ApiKey
from gridmap.errors import Conflict, NotFound
from gridmap.store.schema_accounts import api_keys, sessions, user_roles, users

__all__ = [
    "add_key",
    "add_user",
    "any_user",
    "disable_user",
    "find_key",
    "grant_role",
    "holds_password",
    "list_keys",
    "list_users",
    "password_hash",
    "read_user",
    "rehash_password",
    "revoke_keys",
    "revoke_role",
    "set_password",
    "use_key",
]


def any_user(connection: Connection, *, demo: bool | None = None, enabled: bool = False) -> bool:
    """True when there is an account; only `enabled` ones, only those that are `demo` or not."""
    query = select(users.c.id)
    if demo is not None:
        query = query.where(users.c.demo.is_(demo))
    if enabled:
        query = query.where(users.c.disabled_at.is_(None))
    return bool(connection.execute(select(query.exists())).scalar())


def list_users(connection: Connection) -> list[Account]:
    """Return all accounts in the order of their names."""
    grants: dict[int, list[Grant]] = {}
    for row in connection.execute(select(user_roles).order_by(user_roles.c.role)):
        grants.setdefault(row.user_id, []).append(_grant(row))
    found = connection.execute(select(users).order_by(users.c.name))
    return [_account(row, grants.get(row.id, [])) for row in found]


def read_user(
    connection: Connection, name: str | None = None, *, user_id: int | None = None
) -> Account | None:
    """Return one account by name or by id, None when there is none."""
    own = users.c.name == name if user_id is None else users.c.id == user_id
    row = connection.execute(select(users).where(own)).one_or_none()
    if row is None:
        return None
    query = select(user_roles).where(user_roles.c.user_id == row.id).order_by(user_roles.c.role)
    return _account(row, [_grant(one) for one in connection.execute(query)])


def password_hash(connection: Connection, user_id: int) -> str | None:
    """Return the hash of an account's password."""
    query = select(users.c.password_hash).where(users.c.id == user_id)
    found: str | None = connection.execute(query).scalar()
    return found


def holds_password(connection: Connection, user_id: int, hashed: str) -> bool:
    """True when an account is open and its password has this hash; both stay so until the end."""
    own = (users.c.id == user_id) & (users.c.password_hash == hashed)
    query = select(users.c.id).where(own, users.c.disabled_at.is_(None)).with_for_update()
    return connection.execute(query).scalar() is not None


def add_user(
    connection: Connection,
    name: str,
    *,
    label: str,
    hashed: str | None,
    demo: bool,
    by: str,
    now: datetime,
) -> int:
    """Write a new account; `Conflict` when the name is taken."""
    if read_user(connection, name) is not None:
        raise Conflict("There is an account of that name.", got=name, repair="Choose another name.")
    row: dict[str, Any] = {"name": name, "label": label, "password_hash": hashed, "demo": demo}
    row |= {"created_at": now, "created_by": by, "password_at": now if hashed else None}
    key = connection.execute(insert(users).values(row)).inserted_primary_key
    assert key is not None
    return int(key[0])


def grant_role(
    connection: Connection, user_id: int, grant: Grant, *, by: str, now: datetime
) -> None:
    """Give a role, in the place of the same role with another scope."""
    revoke_role(connection, user_id, grant.role)
    row = {
        "user_id": user_id,
        "role": grant.role.value,
        "areas": [f"{level}:{code}" for level, code in sorted(grant.scope.areas)],
        "departments": sorted(grant.scope.departments),
        "granted_at": now,
        "granted_by": by,
    }
    connection.execute(insert(user_roles).values(row))


def revoke_role(connection: Connection, user_id: int, role: Role) -> bool:
    """Take a role away; False when the account had it not."""
    own = (user_roles.c.user_id == user_id) & (user_roles.c.role == role.value)
    return connection.execute(delete(user_roles).where(own)).rowcount > 0


def set_password(connection: Connection, user_id: int, hashed: str | None, now: datetime) -> None:
    """Change a password; every session of the account ends."""
    values = {"password_hash": hashed, "password_at": now if hashed else None}
    connection.execute(update(users).where(users.c.id == user_id).values(values))
    connection.execute(delete(sessions).where(sessions.c.user_id == user_id))


def rehash_password(connection: Connection, user_id: int, hashed: str) -> None:
    """Write another hash of the same password; sessions go on."""
    connection.execute(update(users).where(users.c.id == user_id).values(password_hash=hashed))


def disable_user(
    connection: Connection, user_id: int, *, by: str, now: datetime, disabled: bool
) -> None:
    """Close an account, or open it again; closed, its sessions end and its keys sleep."""
    values = {"disabled_at": now if disabled else None, "disabled_by": by if disabled else None}
    connection.execute(update(users).where(users.c.id == user_id).values(values))
    connection.execute(delete(sessions).where(sessions.c.user_id == user_id))


def add_key(
    connection: Connection,
    user_id: int,
    *,
    prefix: str,
    hashed: str,
    label: str,
    expires_at: datetime | None,
    by: str,
    now: datetime,
) -> None:
    """Write a key's hash."""
    row: dict[str, Any] = {
        "user_id": user_id,
        "prefix": prefix,
        "token_hash": hashed,
        "label": label,
    }
    row |= {"created_at": now, "created_by": by, "expires_at": expires_at}
    connection.execute(insert(api_keys).values(row))


def list_keys(connection: Connection, user: str | None = None) -> list[ApiKey]:
    """Return keys, the oldest first; of one account, or of all."""
    query = select(api_keys, users.c.name).join(users, users.c.id == api_keys.c.user_id)
    if user is not None:
        query = query.where(users.c.name == user)
    return [_key(row) for row in connection.execute(query.order_by(api_keys.c.id))]


def find_key(connection: Connection, prefix: str) -> tuple[ApiKey, str, int] | None:
    """Return a key, its hash and its account's id."""
    query = select(api_keys, users.c.name).join(users, users.c.id == api_keys.c.user_id)
    row = connection.execute(query.where(api_keys.c.prefix == prefix)).one_or_none()
    return None if row is None else (_key(row), row.token_hash, row.user_id)


def use_key(connection: Connection, prefix: str, now: datetime) -> None:
    """Note that a key was used."""
    own = api_keys.c.prefix == prefix
    connection.execute(update(api_keys).where(own).values(last_used_at=now))


def revoke_keys(connection: Connection, prefixes: Sequence[str], *, by: str, now: datetime) -> None:
    """Revoke keys, all or none.

    Raises
    ------
    NotFound
        When there is no such key.
    Conflict
        When one is revoked already.
    """
    for prefix in prefixes:
        found = find_key(connection, prefix)
        if found is None:
            raise NotFound("There is no such key.", got=prefix, repair="See `gridmap keys list`.")
        if found[0].revoked_at is not None:
            raise Conflict("The key is revoked already.", got=prefix)
    own = api_keys.c.prefix.in_(prefixes)
    connection.execute(update(api_keys).where(own).values(revoked_at=now, revoked_by=by))


def _grant(row: Any) -> Grant:
    return Grant(Role(row.role), Scope.of(areas=row.areas, departments=row.departments))


def _account(row: Any, grants: Sequence[Grant]) -> Account:
    return Account(
        id=int(row.id),
        name=row.name,
        label=row.label,
        grants=tuple(grants),
        has_password=row.password_hash is not None,
        demo=bool(row.demo),
        created_at=row.created_at,
        password_at=row.password_at,
        disabled_at=row.disabled_at,
    )


def _key(row: Any) -> ApiKey:
    return ApiKey(
        prefix=row.prefix,
        user=row.name,
        label=row.label,
        created_at=row.created_at,
        expires_at=row.expires_at,
        last_used_at=row.last_used_at,
        revoked_at=row.revoked_at,
    )
