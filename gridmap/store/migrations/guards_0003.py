"""Guards of dated editions: what may be retired, what stays of codes and families.

The rules, on both stores, beside those of :mod:`.guards_0001`:

- of a published edition nothing changes but that it is retired, and only before its date: an
  edition that was in force has given answers, which stay true;
- a copy under way (``hidden``) is a draft;
- a retired code is recorded where it is true (the former edition has the code, the later one
  has not), and the record is never changed or removed;
- a family with published editions keeps its name.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from gridmap.store.translate import IMMUTABLE_MARK, IMMUTABLE_STATE

__all__ = ["create"]

_EDITION = "A published edition is never changed."
_CODE = "Records of retired codes are never changed, and say what is true."
_FAMILY = "A family with published editions is never renamed or removed."

_FIXED = (
    "id", "name", "effective_from", "created_at", "created_by", "published_at", "published_by",
    "accepted_faults", "content_hash", "based_on", "family", "restores", "published_why",
    "backdated_why", "hidden",
)  # fmt: skip
_RETIRED = ("retired_at", "retired_by", "retired_why")

_FAMILY_USED = "EXISTS (SELECT 1 FROM {s}editions WHERE family = OLD.name AND state <> 'draft')"
_HAS_CODE = (
    "EXISTS (SELECT 1 FROM {s}areas a JOIN {s}imports i ON i.id = a.import_id "
    "WHERE i.state = 'live' AND a.edition_id = NEW.{edition} AND a.level = NEW.level "
    "AND a.code = NEW.code)"
)


def create(connection: Connection) -> None:
    """Replace the guards of editions, and create those of the new tables."""
    if connection.dialect.name == "sqlite":
        for statement in _sqlite():
            connection.exec_driver_sql(statement)
    else:
        schema = connection.execute(text("SELECT quote_ident(current_schema())")).scalar()
        for statement in _postgres(f"{schema}."):
            # No parameters: the text goes to the server as it is, percent signs included.
            connection.execute(text(statement.replace(":", r"\:")))


def _changed(columns: tuple[str, ...], differs: str) -> str:
    return " OR ".join(f"NEW.{column} {differs} OLD.{column}" for column in columns)


def _edition_refused(differs: str) -> str:
    """Return when an update of an edition is refused; `differs` compares with NULLs."""
    fixed, retired = _changed(_FIXED, differs), _changed(_RETIRED, differs)
    in_time = "NEW.retired_at >= OLD.published_at AND NEW.retired_at < OLD.effective_from"
    return (
        f"(OLD.state <> 'draft' AND ({fixed} OR NEW.state = 'draft')) "
        f"OR (OLD.state <> 'draft' AND NEW.state = OLD.state AND ({retired})) "
        "OR (OLD.state = 'retired' AND NEW.state <> 'retired') "
        "OR (OLD.state = 'draft' AND NEW.state = 'retired') "
        f"OR (OLD.state = 'published' AND NEW.state = 'retired' AND ({in_time}) IS NOT TRUE) "
        "OR (NEW.state <> 'draft' AND NEW.hidden)"
    )


def _sqlite() -> list[str]:
    in_way = (
        "EXISTS (SELECT 1 FROM editions e WHERE e.state <> 'draft'{other} AND (e.id = NEW.id "
        "OR e.name = NEW.name OR (e.state = 'published' AND NEW.state = 'published' "
        "AND e.family = NEW.family AND e.effective_from = NEW.effective_from)))"
    )
    has = [_HAS_CODE.format(s="", edition=name) for name in ("last_edition_id", "edition_id")]
    taken = (
        "EXISTS (SELECT 1 FROM retired_codes r WHERE r.id = NEW.id OR (r.edition_id = "
        "NEW.edition_id AND r.last_edition_id = NEW.last_edition_id AND r.level = NEW.level "
        "AND r.code = NEW.code))"
    )
    used = _FAMILY_USED.format(s="")
    kept = "EXISTS (SELECT 1 FROM families f WHERE f.id = NEW.id OR f.name = NEW.name)"
    return [
        "DROP TRIGGER guard_editions_insert",
        "DROP TRIGGER guard_editions_update",
        _refuse(
            "guard_editions_insert",
            "INSERT ON editions",
            f"NEW.state <> 'draft' OR {in_way.format(other='')}",
            _EDITION,
        ),
        _refuse(
            "guard_editions_update",
            "UPDATE ON editions",
            f"{_edition_refused('IS NOT')} OR {in_way.format(other=' AND e.id <> OLD.id')}",
            _EDITION,
        ),
        _refuse(
            "guard_retired_codes_insert",
            "INSERT ON retired_codes",
            f"NOT {has[0]} OR {has[1]} OR {taken}",
            _CODE,
        ),
        _refuse("guard_retired_codes_update", "UPDATE ON retired_codes", "1", _CODE),
        _refuse("guard_retired_codes_delete", "DELETE ON retired_codes", "1", _CODE),
        _refuse("guard_families_insert", "INSERT ON families", kept, _FAMILY),
        _refuse(
            "guard_families_update",
            "UPDATE ON families",
            f"(NEW.name IS NOT OLD.name OR NEW.id IS NOT OLD.id) AND ({used} "
            "OR EXISTS (SELECT 1 FROM families f WHERE f.id <> OLD.id "
            "AND (f.id = NEW.id OR f.name = NEW.name)))",
            _FAMILY,
        ),
        _refuse("guard_families_delete", "DELETE ON families", used, _FAMILY),
    ]


def _refuse(name: str, event: str, when: str, message: str) -> str:
    return (
        f"CREATE TRIGGER {name} BEFORE {event} WHEN {when} "
        f"BEGIN SELECT RAISE(ABORT, '{IMMUTABLE_MARK}{message}'); END"
    )


def _postgres(schema: str) -> list[str]:
    has = [_HAS_CODE.format(s=schema, edition=name) for name in ("last_edition_id", "edition_id")]
    editions = f"""
  IF TG_OP = 'INSERT' THEN
    IF NEW.state <> 'draft' THEN {_raise(_EDITION)} END IF;
    RETURN NEW;
  END IF;
  IF TG_OP = 'DELETE' THEN
    IF OLD.state <> 'draft' THEN {_raise(_EDITION)} END IF;
    RETURN OLD;
  END IF;
  IF {_edition_refused("IS DISTINCT FROM")} THEN {_raise(_EDITION)} END IF;
  RETURN NEW;"""
    codes = f"""
  IF TG_OP <> 'INSERT' THEN {_raise(_CODE)} END IF;
  IF NOT {has[0]} OR {has[1]} THEN {_raise(_CODE)} END IF;
  RETURN NEW;"""
    families = f"""
  IF TG_OP = 'DELETE' OR NEW.name IS DISTINCT FROM OLD.name THEN
    IF {_FAMILY_USED.format(s=schema)} THEN {_raise(_FAMILY)} END IF;
  END IF;
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
  RETURN NEW;"""
    return [
        _function(schema, "editions", editions, replace=True),
        _function(schema, "retired_codes", codes),
        _trigger(schema, "retired_codes", "INSERT OR UPDATE OR DELETE"),
        _function(schema, "families", families),
        _trigger(schema, "families", "UPDATE OR DELETE"),
        *_truncate(schema, "retired_codes", _CODE),
        *_truncate(schema, "families", _FAMILY),
    ]


def _raise(message: str) -> str:
    return f"RAISE EXCEPTION '{message}' USING ERRCODE = '{IMMUTABLE_STATE}';"


def _function(schema: str, table: str, body: str, *, replace: bool = False) -> str:
    return (
        f"CREATE {'OR REPLACE ' if replace else ''}FUNCTION {schema}gridmap_guard_{table}() "
        f"RETURNS trigger LANGUAGE plpgsql AS $guard$ BEGIN{body}\nEND $guard$"
    )


def _trigger(schema: str, table: str, events: str) -> str:
    return (
        f"CREATE TRIGGER guard_{table} BEFORE {events} ON {schema}{table} "
        f"FOR EACH ROW EXECUTE FUNCTION {schema}gridmap_guard_{table}()"
    )


def _truncate(schema: str, table: str, message: str) -> list[str]:
    body = (
        f"  IF EXISTS (SELECT 1 FROM {schema}editions WHERE state <> 'draft') THEN "
        f"{_raise(message)} END IF;\n  RETURN NULL;"
    )
    return [
        _function(schema, f"{table}_truncate", f"\n{body}"),
        f"CREATE TRIGGER guard_{table}_truncate BEFORE TRUNCATE ON {schema}{table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {schema}gridmap_guard_{table}_truncate()",
    ]
