"""The OpenAPI document, and how routes describe their answers in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from api.district_models import PlaceIn, PlacePhotoIn, RosterSwitchIn, WrongIn
from api.draft_models import DRAFT_BODIES
from api.identity import SESSION_COOKIE
from api.models import LocateColumns, LocateMany, Problem
from api.order_models import BODIES
from api.plan_models import PLAN_BODIES
from api.problems import MEDIA_TYPE
from api.report_models import ReporterIn, ReportIn
from api.review_models import OpenReviewIn, PauseIn, RulingIn
from gridmap import __version__

__all__ = ["build", "cached", "problems", "request_body"]

_REVIEW_BODIES = (OpenReviewIn, RulingIn, PauseIn)

_REF = "#/components/schemas/{model}"

_MEANINGS = {
    401: "Nobody is signed in who may do this, or the key is not good.",
    403: "The caller may not see this, or used a host name the service does not answer to.",
    404: "There is no such thing, or not at that time.",
    409: "The request contradicts what is stored.",
    413: "The request body is too large.",
    415: "The request body is of a kind that is not taken here.",
    422: "A value is not as documented.",
    429: "Too much was sent from here for now: wait.",
    500: "An internal error; it is logged under `error_id`.",
    503: "The store cannot work now; `Retry-After` says when to try again.",
    507: "No room is left in the store.",
}

DESCRIPTION = """Which grid, community and sub-district holds a place, and how sure that is.

网格查询接口：由坐标得到网格、社区与街道，并说明其可靠程度。

Errors are problem bodies (RFC 9457): what was got, what is allowed, how to mend it.
Without accounts the service knows callers by their being on its machine. With accounts, send a
key as `Authorization: Bearer KEY`; what a role may do is in docs/permissions.md.
Times without an offset are local times of the site; answers carry the site's offset."""


_SCHEMES = {
    "key": {
        "type": "http",
        "scheme": "bearer",
        "description": "A key of an account: `gridmap keys add`.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": SESSION_COOKIE,
        "description": "Of somebody who signed in at /login; what changes something also carries "
        "the header X-CSRF-Token, see GET /api/me.",
    },
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the entries for a route's `responses` that document its problem answers."""
    content = {MEDIA_TYPE: {"schema": {"$ref": _REF.format(model="Problem")}}}
    # A key that is not good is refused everywhere.
    return {
        status: {"description": _MEANINGS[status], "content": content}
        for status in sorted({401, *statuses})
    }


def cached() -> dict[int | str, dict[str, Any]]:
    """Return the entry for answers that the client still has."""
    return {304: {"description": "Unchanged since the answer with the ETag that was sent."}}


def request_body(
    *models: type[BaseModel], content: Mapping[str, dict[str, Any]] | None = None
) -> dict[str, Any]:
    """Return the description of a JSON body of one of the models, or of other `content`.

    The route takes the bytes and has them parsed and checked in one pass off the event
    loop, so FastAPI does not know their model.
    """
    schemas = [{"$ref": _REF.format(model=model.__name__)} for model in models]
    schema: dict[str, Any] = schemas[0] if len(schemas) == 1 else {"oneOf": schemas}
    taken = {"application/json": {"schema": schema}, **(content or {})}
    return {"requestBody": {"required": True, "content": taken}}


def build(
    app: FastAPI, levels: Sequence[str], items: Sequence[str], catalogues: Sequence[str]
) -> dict[str, Any]:
    """Return the document, with the store's own levels, catalogues and their items by name."""
    # Their routes are described by functions of this module.
    from api.inbox import ReadIn
    from api.monthly_models import MONTHLY_BODIES
    from api.supervision import SUPERVISION_BODIES

    document = get_openapi(
        title="gridmap",
        version=__version__,
        summary="Grid governance mapping",
        description=DESCRIPTION,
        routes=app.routes,
    )
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    models: list[type[BaseModel]] = [LocateMany, LocateColumns, ReportIn, ReporterIn, Problem]
    models += [*_REVIEW_BODIES, *BODIES.values(), *SUPERVISION_BODIES, *MONTHLY_BODIES]
    models += [ReadIn, PlaceIn, PlacePhotoIn, WrongIn, RosterSwitchIn, *DRAFT_BODIES, *PLAN_BODIES]
    for model in models:
        schema = model.model_json_schema(ref_template=_REF)
        schemas.update(schema.pop("$defs", {}))
        schemas[model.__name__] = schema
    document["components"]["securitySchemes"] = _SCHEMES
    # A key is never needed for what is everybody's; it may show more.
    document["security"] = [{}, {"key": []}, {"session": []}]
    for path in document["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", []):
                _drop_null(parameter["schema"])
                if parameter["name"] in {"level", "area_level"}:
                    _only(parameter["schema"], levels)
    for name in ("LocateMany", "LocateColumns", "RosterSwitchIn"):
        _only(schemas[name]["properties"]["level"], levels)
    _only(schemas["OrderConfirmIn"]["properties"]["item"], items)
    _only(schemas["ReportIn"]["properties"]["item"], items)
    _only_listed(schemas["RulingIn"]["properties"]["items"], items)
    _only(schemas["ReportIn"]["properties"]["catalogue"], catalogues)
    return document


def _drop_null(schema: dict[str, Any]) -> None:
    """Describe a parameter that may be left out: in an address there is no null."""
    kinds = [kind for kind in schema.get("anyOf", []) if kind.get("type") != "null"]
    if len(kinds) == 1:
        del schema["anyOf"]
        schema.update({**kinds[0], **schema})


def _only_listed(schema: dict[str, Any], names: Sequence[str]) -> None:
    found = next((s for s in schema.get("anyOf", []) if s.get("type") == "array"), schema)
    _only(found["items"], names)


def _only(schema: dict[str, Any], names: Sequence[str]) -> None:
    text = next((s for s in schema.get("anyOf", []) if s.get("type") == "string"), schema)
    text["enum"] = list(names)
