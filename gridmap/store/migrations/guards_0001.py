"""Triggers that refuse writes to what is published, whichever program writes.

The rules, on both stores:

- rows of ``imports``, ``areas`` and ``area_shapes`` are inserted, changed and deleted only
  while their edition is a draft;
- a published edition may only be retired, and nothing else about it changes, ever;
- what a report said and where it said it was (`raw_x`, `raw_y`, `coord_sys`, `accuracy_m`,
  `received_at`, `observed_at`, `source`) is never changed.

SQLite's ``REPLACE`` deletes the row in its way without asking the delete triggers, so the
guards also refuse an insert, or a change of id, that would land on a guarded row.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from gridmap.store.translate import IMMUTABLE_MARK, IMMUTABLE_STATE

__all__ = ["create"]

_ROWS = "Rows of a published edition are never written to."
_EDITION = "A published edition is never changed."
_REPORT = "What a report said and where is never changed."

_FIXED_EDITION = (
    "id", "name", "effective_from", "created_at", "created_by", "published_at", "published_by",
    "accepted_faults", "content_hash", "based_on",
)  # fmt: skip
_FIXED_REPORT = (
    "id", "received_at", "observed_at", "event_at", "source", "raw_x", "raw_y", "coord_sys",
    "accuracy_m",
)  # fmt: skip

# State of the edition that a row belongs to; {r} is NEW or OLD, {s} the schema with a dot.
_STATE_OF = {
    "imports": "SELECT e.state FROM {s}editions e WHERE e.id = {r}.edition_id",
    "areas": "SELECT e.state FROM {s}imports i JOIN {s}editions e ON e.id = i.edition_id "
    "WHERE i.id = {r}.import_id AND e.id = {r}.edition_id",
    "area_shapes": "SELECT e.state FROM {s}areas a JOIN {s}editions e ON e.id = a.edition_id "
    "WHERE a.id = {r}.area_id AND e.id = {r}.edition_id",
}
_KEYS = {"imports": "id", "areas": "id", "area_shapes": "area_id"}


def create(connection: Connection) -> None:
    """Create the guards in the store that `connection` leads to."""
    if connection.dialect.name == "sqlite":
        for statement in _sqlite():
            connection.exec_driver_sql(statement)
    else:
        schema = connection.execute(text("SELECT quote_ident(current_schema())")).scalar()
        for statement in _postgres(f"{schema}."):
            # No parameters: the text goes to the server as it is, percent signs included.
            connection.execute(text(statement.replace(":", r"\:")))


def _sqlite() -> list[str]:
    out = []
    for table, query in _STATE_OF.items():
        key = _KEYS[table]
        old, new = (f"({query.format(r=row, s='')}) IS NOT 'draft'" for row in ("OLD", "NEW"))
        taken = f"EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})"
        moved = f"NEW.{key} IS NOT OLD.{key}"
        out += [
            _refuse(f"guard_{table}_insert", f"INSERT ON {table}", f"{new} OR {taken}", _ROWS),
            _refuse(
                f"guard_{table}_update", f"UPDATE ON {table}", f"{old} OR {new} OR {moved}", _ROWS
            ),
            _refuse(f"guard_{table}_delete", f"DELETE ON {table}", old, _ROWS),
        ]
    fixed = " OR ".join(f"NEW.{column} IS NOT OLD.{column}" for column in _FIXED_EDITION)
    in_way = (
        "EXISTS (SELECT 1 FROM editions e WHERE e.state <> 'draft'{other} AND (e.id = NEW.id "
        "OR e.name = NEW.name OR (NEW.state = 'published' "
        "AND e.effective_from = NEW.effective_from)))"
    )
    report = " OR ".join(f"NEW.{column} IS NOT OLD.{column}" for column in _FIXED_REPORT)
    return [
        *out,
        _refuse(
            "guard_editions_insert",
            "INSERT ON editions",
            f"NEW.state <> 'draft' OR {in_way.format(other='')}",
            _EDITION,
        ),
        _refuse(
            "guard_editions_update",
            "UPDATE ON editions",
            f"(OLD.state <> 'draft' AND ({fixed} OR NEW.state = 'draft' "
            "OR (OLD.state = 'retired' AND (NEW.state <> 'retired' "
            "OR NEW.retired_at IS NOT OLD.retired_at OR NEW.retired_by IS NOT OLD.retired_by)))) "
            "OR (OLD.state = 'draft' AND NEW.state = 'retired') "
            f"OR {in_way.format(other=' AND e.id <> OLD.id')}",
            _EDITION,
        ),
        _refuse("guard_editions_delete", "DELETE ON editions", "OLD.state <> 'draft'", _EDITION),
        _refuse(
            "guard_reports_insert",
            "INSERT ON reports",
            "EXISTS (SELECT 1 FROM reports WHERE id = NEW.id)",
            _REPORT,
        ),
        _refuse("guard_reports_update", "UPDATE ON reports", report, _REPORT),
    ]


def _refuse(name: str, event: str, when: str, message: str) -> str:
    return (
        f"CREATE TRIGGER {name} BEFORE {event} WHEN {when} "
        f"BEGIN SELECT RAISE(ABORT, '{IMMUTABLE_MARK}{message}'); END"
    )


def _postgres(schema: str) -> list[str]:
    out = []
    for table, query in _STATE_OF.items():
        # FOR SHARE makes a writer wait for a publication under way, and see its outcome.
        old, new = (f"{query.format(r=row, s=schema)} FOR SHARE OF e" for row in ("OLD", "NEW"))
        body = f"""
  IF TG_OP <> 'INSERT' THEN
    IF ({old}) IS DISTINCT FROM 'draft' THEN {_raise(_ROWS)} END IF;
  END IF;
  IF TG_OP <> 'DELETE' THEN
    IF ({new}) IS DISTINCT FROM 'draft' THEN {_raise(_ROWS)} END IF;
    RETURN NEW;
  END IF;
  RETURN OLD;"""
        out += _guard(schema, table, body, "INSERT OR UPDATE OR DELETE")
        out += _guard_truncate(schema, table)
    fixed = " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in _FIXED_EDITION)
    body = f"""
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'draft' THEN {_raise(_EDITION)} END IF;
    RETURN NEW;
  END IF;
  IF TG_OP = 'DELETE' THEN
    IF OLD.state <> 'draft' THEN {_raise(_EDITION)} END IF;
    RETURN OLD;
  END IF;
  IF (OLD.state <> 'draft' AND ({fixed} OR NEW.state = 'draft'))
     OR (OLD.state = 'retired' AND (NEW.state <> 'retired'
         OR NEW.retired_at IS DISTINCT FROM OLD.retired_at
         OR NEW.retired_by IS DISTINCT FROM OLD.retired_by))
     OR (OLD.state = 'draft' AND NEW.state = 'retired') THEN {_raise(_EDITION)}
  END IF;
  RETURN NEW;"""
    out += _guard(schema, "editions", body, "INSERT OR UPDATE OR DELETE")
    out += _guard_truncate(schema, "editions")
    report = " OR ".join(f"NEW.{column} IS DISTINCT FROM OLD.{column}" for column in _FIXED_REPORT)
    body = f"""
  IF {report} THEN {_raise(_REPORT)} END IF;
  RETURN NEW;"""
    return out + _guard(schema, "reports", body, "UPDATE")


def _raise(message: str) -> str:
    return f"RAISE EXCEPTION '{message}' USING ERRCODE = '{IMMUTABLE_STATE}';"


def _guard(schema: str, table: str, body: str, events: str) -> list[str]:
    return [
        f"CREATE FUNCTION {schema}gridmap_guard_{table}() RETURNS trigger LANGUAGE plpgsql "
        f"AS $guard$ BEGIN{body}\nEND $guard$",
        f"CREATE TRIGGER guard_{table} BEFORE {events} ON {schema}{table} "
        f"FOR EACH ROW EXECUTE FUNCTION {schema}gridmap_guard_{table}()",
    ]


def _guard_truncate(schema: str, table: str) -> list[str]:
    return [
        f"CREATE FUNCTION {schema}gridmap_guard_{table}_truncate() RETURNS trigger "
        f"LANGUAGE plpgsql AS $guard$ BEGIN\n"
        f"  IF EXISTS (SELECT 1 FROM {schema}editions WHERE state <> 'draft') THEN "
        f"{_raise(_ROWS)} END IF;\n  RETURN NULL;\nEND $guard$",
        f"CREATE TRIGGER guard_{table}_truncate BEFORE TRUNCATE ON {schema}{table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {schema}gridmap_guard_{table}_truncate()",
    ]
