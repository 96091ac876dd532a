"""Guards of reviews: returns, rulings and former routes stay recorded as they were.

Rows of ``report_returns``, ``rulings`` and ``report_reroutes`` are added and never changed or
deleted; nor is a review that was settled.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from gridmap.store.translate import IMMUTABLE_MARK, IMMUTABLE_STATE

__all__ = ["create"]

_KEPT = {
    "report_returns": "A return that was recorded is never changed.",
    "rulings": "A ruling that was recorded is never changed.",
    "report_reroutes": "The former route of a report is never changed.",
}
_SETTLED = "A review that was settled is never changed."


def create(connection: Connection) -> None:
    """Create the guards in the store that `connection` leads to."""
    if connection.dialect.name == "sqlite":
        for statement in _sqlite():
            connection.exec_driver_sql(statement)
    else:
        schema = connection.execute(text("SELECT quote_ident(current_schema())")).scalar()
        for statement in _postgres(f"{schema}."):
            connection.execute(text(statement.replace(":", r"\:")))


def _sqlite() -> list[str]:
    made = []
    for table, message in _KEPT.items():
        # REPLACE deletes the row in its way without asking the delete guard.
        taken = f"EXISTS (SELECT 1 FROM {table} o WHERE o.id = NEW.id)"
        if table == "rulings":
            taken = (
                "EXISTS (SELECT 1 FROM rulings o WHERE o.id = NEW.id OR "
                "o.review_id = NEW.review_id OR o.overlay_code = NEW.overlay_code)"
            )
        made += [
            _refuse(f"guard_{table}_insert", f"INSERT ON {table}", taken, message),
            _refuse(f"guard_{table}_update", f"UPDATE ON {table}", "1", message),
            _refuse(f"guard_{table}_delete", f"DELETE ON {table}", "1", message),
        ]
    settled = "OLD.state <> 'open'"
    return [
        *made,
        _refuse("guard_reviews_update", "UPDATE ON reviews", settled, _SETTLED),
        _refuse("guard_reviews_delete", "DELETE ON reviews", settled, _SETTLED),
    ]


def _refuse(name: str, event: str, when: str, message: str) -> str:
    return (
        f"CREATE TRIGGER {name} BEFORE {event} WHEN {when} "
        f"BEGIN SELECT RAISE(ABORT, '{IMMUTABLE_MARK}{message}'); END"
    )


def _postgres(schema: str) -> list[str]:
    raised = "RAISE EXCEPTION '{}' USING ERRCODE = '{}';"
    made = []
    for table, message in _KEPT.items():
        name = f"guard_{table}"
        made += [
            _function(schema, table, raised.format(message, IMMUTABLE_STATE)),
            _trigger(schema, name, "UPDATE OR DELETE", table, "ROW", table),
            _trigger(schema, f"{name}_truncate", "TRUNCATE", table, "STATEMENT", table),
        ]
    settled = (
        f"IF OLD.state <> 'open' THEN {raised.format(_SETTLED, IMMUTABLE_STATE)} END IF; "
        "IF TG_OP = 'DELETE' THEN RETURN OLD; END IF; RETURN NEW;"
    )
    return [
        *made,
        _function(schema, "reviews", settled),
        _trigger(schema, "guard_reviews", "UPDATE OR DELETE", "reviews", "ROW", "reviews"),
    ]


def _function(schema: str, name: str, body: str) -> str:
    return (
        f"CREATE FUNCTION {schema}gridmap_guard_{name}() RETURNS trigger LANGUAGE plpgsql "
        f"AS $guard$ BEGIN {body} END $guard$"
    )


def _trigger(schema: str, name: str, events: str, table: str, each: str, function: str) -> str:
    return (
        f"CREATE TRIGGER {name} BEFORE {events} ON {schema}{table} FOR EACH {each} "
        f"EXECUTE FUNCTION {schema}gridmap_guard_{function}()"
    )
