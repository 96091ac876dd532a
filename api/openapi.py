"""The OpenAPI document, and how routes describe their answers in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from api.models import LocateMany, Problem
from api.problems import MEDIA_TYPE
from api.report_models import ReportIn
from gridmap import __version__

__all__ = ["build", "cached", "problems", "request_body"]

_REF = "#/components/schemas/{model}"

_MEANINGS = {
    403: "The caller may not see this, or used a host name the service does not answer to.",
    404: "There is no such thing, or not at that time.",
    409: "The request contradicts what is stored.",
    413: "The request body is too large.",
    415: "The request body is not JSON.",
    422: "A value is not as documented.",
    500: "An internal error; it is logged under `error_id`.",
    503: "The store cannot work now; `Retry-After` says when to try again.",
    507: "No room is left in the store.",
}

DESCRIPTION = """Which grid, community and sub-district holds a place, and how sure that is.

网格查询接口：由坐标得到网格、社区与街道，并说明其可靠程度。

Errors are problem bodies (RFC 9457): what was got, what is allowed, how to mend it.
Times without an offset are local times of the site; answers carry the site's offset."""


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the entries for a route's `responses` that document its problem answers."""
    content = {MEDIA_TYPE: {"schema": {"$ref": _REF.format(model="Problem")}}}
    return {status: {"description": _MEANINGS[status], "content": content} for status in statuses}


def cached() -> dict[int | str, dict[str, Any]]:
    """Return the entry for answers that the client still has."""
    return {304: {"description": "Unchanged since the answer with the ETag that was sent."}}


def request_body(model: type[BaseModel]) -> dict[str, Any]:
    """Return the description of a JSON body.

    The route takes the bytes and has them parsed and checked in one pass off the event
    loop, so FastAPI does not know their model.
    """
    schema = {"$ref": _REF.format(model=model.__name__)}
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": schema}}}}


def build(app: FastAPI, levels: Sequence[str], items: Sequence[str]) -> dict[str, Any]:
    """Return the document, with the store's own levels and the catalogue's items by name."""
    document = get_openapi(
        title="gridmap",
        version=__version__,
        summary="Grid governance mapping",
        description=DESCRIPTION,
        routes=app.routes,
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    for model in (LocateMany, ReportIn, Problem):
        schema = model.model_json_schema(ref_template=_REF)
        schemas.update(schema.pop("$defs", {}))
        schemas[model.__name__] = schema
    for path in document["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", []):
                _drop_null(parameter["schema"])
                if parameter["name"] == "level":
                    _only(parameter["schema"], levels)
    _only(schemas["LocateMany"]["properties"]["level"], levels)
    _only(schemas["ReportIn"]["properties"]["item"], items)
    return document


def _drop_null(schema: dict[str, Any]) -> None:
    """Describe a parameter that may be left out: in an address there is no null."""
    kinds = [kind for kind in schema.get("anyOf", []) if kind.get("type") != "null"]
    if len(kinds) == 1:
        del schema["anyOf"]
        schema.update({**kinds[0], **schema})


def _only(schema: dict[str, Any], names: Sequence[str]) -> None:
    text = next((s for s in schema.get("anyOf", []) if s.get("type") == "string"), schema)
    text["enum"] = list(names)
