"""Guards of monthly reports: what was issued, and what was said against it, stays as it was."""

from __future__ import annotations

from sqlalchemy import Connection, text

from gridmap.store.translate import IMMUTABLE_MARK, IMMUTABLE_STATE

__all__ = ["create"]

# Table, what makes a row another's, and what is told.
_GUARDED = (
    (
        "monthly_issues",
        "o.id = NEW.id OR (o.month = NEW.month AND o.issue = NEW.issue) "
        "OR (o.year = NEW.year AND o.seq = NEW.seq)",
        "A monthly report that was issued is never changed.",
    ),
    (
        "appeal_steps",
        "o.id = NEW.id OR (o.month = NEW.month AND o.deduction = NEW.deduction "
        "AND o.seq = NEW.seq)",
        "What was said about a deduction is never changed.",
    ),
)


def create(connection: Connection) -> None:
    """Create the guards in the store that `connection` leads to."""
    make = _in_geopackage if connection.dialect.name == "sqlite" else _in_postgis
    for table, same, said in _GUARDED:
        make(connection, table, same, said)


def _in_geopackage(connection: Connection, table: str, same: str, said: str) -> None:
    # REPLACE deletes the row in its way without asking the delete guard.
    taken = f"EXISTS (SELECT 1 FROM {table} o WHERE {same})"
    for name, event, when in (
        ("insert", "INSERT", taken),
        ("update", "UPDATE", "1"),
        ("delete", "DELETE", "1"),
    ):
        connection.exec_driver_sql(
            f"CREATE TRIGGER guard_{table}_{name} BEFORE {event} ON {table} "
            f"WHEN {when} BEGIN SELECT RAISE(ABORT, '{IMMUTABLE_MARK}{said}'); END"
        )


def _in_postgis(connection: Connection, table: str, same: str, said: str) -> None:
    del same  # A conflicting insert is refused by the constraint itself.
    schema = connection.execute(text("SELECT quote_ident(current_schema())")).scalar()
    connection.execute(
        text(
            f"CREATE FUNCTION {schema}.gridmap_guard_{table}() RETURNS trigger "
            f"LANGUAGE plpgsql AS $guard$ BEGIN RAISE EXCEPTION '{said}' "
            f"USING ERRCODE = '{IMMUTABLE_STATE}'; END $guard$"
        )
    )
    for name, events, each in (
        (f"guard_{table}", "UPDATE OR DELETE", "ROW"),
        (f"guard_{table}_truncate", "TRUNCATE", "STATEMENT"),
    ):
        connection.execute(
            text(
                f"CREATE TRIGGER {name} BEFORE {events} ON {schema}.{table} "
                f"FOR EACH {each} EXECUTE FUNCTION {schema}.gridmap_guard_{table}()"
            )
        )
