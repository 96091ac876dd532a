"""Guards of moves: what an edition did to a report stays recorded as it was decided.

- Rows of ``report_moves`` are added and never changed or deleted.
- The policy of a published edition is never changed.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from gridmap.store.translate import IMMUTABLE_MARK, IMMUTABLE_STATE

__all__ = ["create"]

_MOVES = "What an edition did to a report is never changed."
_POLICY = "A published edition is never changed."


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
    # REPLACE deletes the row in its way without asking the delete guard.
    taken = (
        "EXISTS (SELECT 1 FROM report_moves m WHERE m.id = NEW.id OR "
        "(m.report_id = NEW.report_id AND m.to_edition_id = NEW.to_edition_id))"
    )
    return [
        _refuse("guard_report_moves_insert", "INSERT ON report_moves", taken, _MOVES),
        _refuse("guard_report_moves_update", "UPDATE ON report_moves", "1", _MOVES),
        _refuse("guard_report_moves_delete", "DELETE ON report_moves", "1", _MOVES),
        _refuse(
            "guard_editions_policy",
            "UPDATE ON editions",
            "OLD.state <> 'draft' AND NEW.reports_policy IS NOT OLD.reports_policy",
            _POLICY,
        ),
    ]


def _refuse(name: str, event: str, when: str, message: str) -> str:
    return (
        f"CREATE TRIGGER {name} BEFORE {event} WHEN {when} "
        f"BEGIN SELECT RAISE(ABORT, '{IMMUTABLE_MARK}{message}'); END"
    )


def _postgres(schema: str) -> list[str]:
    raised = "RAISE EXCEPTION '{}' USING ERRCODE = '{}';"
    moves = raised.format(_MOVES, IMMUTABLE_STATE)
    policy = (
        "IF OLD.state <> 'draft' AND NEW.reports_policy IS DISTINCT FROM OLD.reports_policy "
        f"THEN {raised.format(_POLICY, IMMUTABLE_STATE)} END IF; RETURN NEW;"
    )
    return [
        _function(schema, "moves", moves),
        _trigger(schema, "guard_report_moves", "UPDATE OR DELETE", "report_moves", "ROW", "moves"),
        _trigger(
            schema, "guard_report_moves_truncate", "TRUNCATE", "report_moves", "STATEMENT", "moves"
        ),
        _function(schema, "policy", policy),
        _trigger(schema, "guard_editions_policy", "UPDATE", "editions", "ROW", "policy"),
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
