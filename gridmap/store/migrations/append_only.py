"""Guards of tables that are added to and never changed, against other programs too."""

from __future__ import annotations

from sqlalchemy import Connection, text

from gridmap.store.translate import IMMUTABLE_MARK, IMMUTABLE_STATE

__all__ = ["guard"]


def guard(connection: Connection, table: str, key: str, said: str) -> None:
    """Create the guards of a table in the store that `connection` leads to.

    Parameters
    ----------
    table, key : str
        Rows are told apart by `key` and ``seq``.
    said : str
        What the error says, in one sentence.
    """
    if connection.dialect.name == "sqlite":
        # REPLACE deletes the row in its way without asking the delete guard.
        taken = (
            f"EXISTS (SELECT 1 FROM {table} e WHERE e.id = NEW.id OR "
            f"(e.{key} = NEW.{key} AND e.seq = NEW.seq))"
        )
        for name, event, when in (
            ("insert", "INSERT", taken),
            ("update", "UPDATE", "1"),
            ("delete", "DELETE", "1"),
        ):
            connection.exec_driver_sql(
                f"CREATE TRIGGER guard_{table}_{name} BEFORE {event} ON {table} "
                f"WHEN {when} BEGIN SELECT RAISE(ABORT, '{IMMUTABLE_MARK}{said}'); END"
            )
        return
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
