"""Many points in columns: numbers in, legends and numbers out, as JSON or as an Arrow stream."""

from __future__ import annotations

import struct
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
from numpy.typing import NDArray
from pydantic import TypeAdapter
from starlette.responses import Response

from api.arrow import DictionaryColumn, is_compressed, stream_of
from api.bodies import JSON, parsed
from api.coordsys import known_system
from api.models import MOST_POINTS, LocateColumns
from api.rendering import answer_bytes, answer_json
from gridmap.access import Actor, visible_fields
from gridmap.errors import BadValue
from gridmap.locate.codes import Coded
from gridmap.locate.locator import STATUSES
from gridmap.locate.model import Locations, Points
from gridmap.locate.octets import Texts
from gridmap.locate.octets import json_columns as plain_columns
from gridmap.times import parse_when
from gridmap.workspace import Workspace

__all__ = ["ARROW", "Columns", "arrow_columns", "at_hand", "json_columns", "located", "plain_json"]

ARROW = "application/vnd.apache.arrow.stream"

_FIELDS = ("edition", "areas", "location_status")
_BODY = TypeAdapter(LocateColumns)

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Columns:
    """What is asked in columns; see `LocateColumns`."""

    lon: Floats
    lat: Floats
    coord_sys: str = "wgs84"
    at: str | None = None
    level: str | None = None

    @property
    def is_plain(self) -> bool:
        """True for points of now in the store's own datum, at all levels."""
        return self.at is None and self.level is None and self.coord_sys == "wgs84"


# -- what is asked -----------------------------------------------------------------------


def plain_json(body: bytes) -> Columns | None:
    """Return what a body of nothing but two columns of plain numbers asks; None for another."""
    found = plain_columns(body, MOST_POINTS)
    return None if found is None else Columns(*found)


def json_columns(body: bytes, said: dict[str, Any]) -> Columns:
    """Return what a JSON body in columns asks; `said` is the same body, parsed.

    Plain numbers become arrays at once. Anything else is for the model, which names every
    place that is wrong: `RequestValidationError`.
    """
    if said.keys() == {"lon", "lat"} and _without_text(body):
        x, y = _numbers(said["lon"]), _numbers(said["lat"])
        if x is not None and y is not None and len(x) == len(y):
            return Columns(x, y)
    asked = parsed(_BODY, body)
    return Columns(
        np.array(asked.lon, np.float64),
        np.array(asked.lat, np.float64),
        asked.coord_sys,
        asked.at,
        asked.level,
    )


def _without_text(body: bytes) -> bool:
    """True when a body whose members are lon and lat has no other text, and no booleans.

    numpy would take "117" and true for numbers. Looking for single bytes costs least: without
    an escape, `lat` has the only t, unless something is true.
    """
    return (
        body.count(b'"') == 4 and body.count(b"t") == 1 and b"f" not in body and b"\\" not in body
    )


def _numbers(values: Any) -> Floats | None:
    """Return a list of numbers and nulls as an array; None for anything else."""
    if type(values) is not list or not 0 < len(values) <= MOST_POINTS:
        return None
    try:
        column = np.array(values, np.float64)
    except (TypeError, ValueError, OverflowError):
        return None
    # JSON has no infinity, but numbers beyond what a float can hold.
    return column if column.ndim == 1 and not np.isinf(column).any() else None


def arrow_columns(body: bytes) -> Columns:
    """Return what an Arrow stream asks: columns `lon` and `lat`, the rest in its metadata.

    Raises
    ------
    BadValue
        When it is no such stream, or too long, or compressed.
    """
    try:
        return _batches(pa.ipc.MessageReader.open_stream(pa.py_buffer(body)))
    except (pa.ArrowException, OSError, StopIteration, ValueError, struct.error) as error:
        raise BadValue(
            "The body is not an Arrow stream that can be read.",
            got=str(error)[:200],
            allowed="an Arrow IPC stream with the columns lon and lat, float64",
        ) from error


def _batches(messages: Any) -> Columns:
    first = messages.read_next_message()
    if first.type != "schema":
        # pyarrow does not look: it would take another message for one, and break off the process.
        raise ValueError(f"it begins with a {first.type}, not with a schema")
    schema = pa.ipc.read_schema(first)
    if sorted(schema.names) != ["lat", "lon"] or set(schema.types) != {pa.float64()}:
        raise BadValue(
            "An Arrow stream of points has two columns.",
            got=[f"{field.name}: {field.type}" for field in schema],
            allowed=["lon: double", "lat: double"],
        )
    lon, lat, total = list[Floats](), list[Floats](), 0
    for message in _rest(messages):
        if message.type != "record batch" or _packed(message):
            raise BadValue(
                "An Arrow stream of points holds plain record batches.",
                got="compressed" if message.type == "record batch" else message.type,
                repair="Write the stream without compression and dictionaries.",
            )
        batch = pa.ipc.read_record_batch(message, schema)
        batch.validate()
        total += batch.num_rows
        if total > MOST_POINTS:
            break
        lon.append(batch.column("lon").to_numpy(zero_copy_only=False))
        lat.append(batch.column("lat").to_numpy(zero_copy_only=False))
    if not 0 < total <= MOST_POINTS:
        raise BadValue(
            "That is not a number of points that can be answered at once.",
            got=total if total <= MOST_POINTS else f"more than {MOST_POINTS}",
            allowed=f"1 to {MOST_POINTS}",
        )
    # Copied in any case: what lies in the body cannot be written to, another kind of array.
    return Columns(np.concatenate(lon), np.concatenate(lat), **_said(schema.metadata))


def _rest(messages: Any) -> Any:
    while True:
        try:
            yield messages.read_next_message()
        except StopIteration:
            return


def _packed(message: Any) -> bool:
    # A compressed batch of a few bytes may claim any size, so it is never unpacked.
    return is_compressed(message.metadata.to_pybytes())


def _said(metadata: dict[bytes, bytes] | None) -> dict[str, str]:
    """Return what the metadata of the schema says beside the points, held to the model."""
    given = {
        name: metadata[name.encode()].decode("utf-8", "replace")
        for name in ("coord_sys", "at", "level")
        if metadata and name.encode() in metadata
    }
    parsed(_BODY, orjson.dumps({"lon": [0], "lat": [0], **given}))
    return given


# -- what is answered --------------------------------------------------------------------


def located(workspace: Workspace, actor: Actor, asked: Columns, *, arrow: bool) -> Response:
    """Return the areas of the points, of the base grids, in columns."""
    fields = visible_fields(actor, "locations", _FIELDS)
    names = (asked.level,) if asked.level is not None else None
    now = workspace.clock()
    moment = now if asked.at is None else parse_when(asked.at, workspace.zone)
    points = Points(
        x=asked.lon,
        y=asked.lat,
        coord_sys=known_system(asked.coord_sys),
        at=None if asked.at is None else [moment] * len(asked.lon),
    )
    found = workspace.locate_many(points, level=asked.level, areas_only=True, actor=actor)
    levels = [name for name in found.levels.names if names is None or name in names]
    columns = {name: found.codes.coded(name).used() for name in levels}
    edition, status = found.edition[0], _status(found)
    if arrow:
        return _arrow(fields, columns, status, edition)
    content: dict[str, Any] = {
        "edition": edition,
        "areas": {name: _shown(column) for name, column in columns.items()},
        "location_status": _shown(status),
    }
    return answer_json({name: content[name] for name in fields})


def _status(found: Locations) -> Coded:
    coded = found.status_coded
    if coded is None:
        # In no edition: every point has one status.
        legend, index = np.unique(found.status.astype(str), return_inverse=True)
        return Coded(index.astype(np.int32), legend.astype(object))
    return coded


def _shown(column: Coded) -> dict[str, Any]:
    return {"legend": column.legend.tolist(), "index": column.index}


def at_hand(
    workspace: Workspace, actor: Actor, asked: Columns, *, arrow: bool
) -> tuple[bytes, str] | None:
    """Return the body that `located` answers plain points with, and its media type.

    None when the points have to wait for something, or are not as plain as that.
    """
    found = workspace.compact_at_hand(asked.lon, asked.lat, actor=actor)
    if found is None:
        return None
    (edition, columns), fields = found, _fields_of(actor)
    rows = zip(columns.levels, columns.index, columns.codes, columns.places, strict=True)
    if arrow:
        areas = {
            name: DictionaryColumn(index, *_kept_legend(codes).arrow(places))
            for name, index, codes, places in rows
        }
        status = DictionaryColumn.of(columns.status, STATUSES)
        return _stream(fields, areas, status, edition), ARROW
    content: dict[str, Any] = {
        "edition": edition,
        "areas": {
            name: {"legend": _kept_legend(codes).json(places), "index": index}
            for name, index, codes, places in rows
        },
        "location_status": {"legend": STATUSES, "index": columns.status},
    }
    chosen = {name: content[name] for name in fields}
    return orjson.dumps(chosen, option=orjson.OPT_SERIALIZE_NUMPY), JSON


class _Legend:
    """The codes of a level of an edition, spelt beforehand; some are picked for an answer."""

    def __init__(self, codes: NDArray[np.object_]) -> None:
        self.codes = codes
        self._in_json = Texts([orjson.dumps(code) + b"," for code in codes.tolist()])
        self._in_arrow = Texts([code.encode() for code in codes.tolist()])

    def json(self, places: NDArray[np.int32]) -> orjson.Fragment:
        _, octets = self._in_json.picked(places)
        return orjson.Fragment(b"[" + octets[:-1].tobytes() + b"]")

    def arrow(self, places: NDArray[np.int32]) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
        return self._in_arrow.picked(places)


# The legends of the editions that answer, by their arrays, which stay.
_LEGENDS: OrderedDict[int, _Legend] = OrderedDict()
_MOST_LEGENDS = 64


def _kept_legend(codes: NDArray[np.object_]) -> _Legend:
    kept = _LEGENDS.get(id(codes))
    if kept is None or kept.codes is not codes:
        kept = _LEGENDS[id(codes)] = _Legend(codes)
        while len(_LEGENDS) > _MOST_LEGENDS:
            _LEGENDS.popitem(last=False)
    return kept


@lru_cache(maxsize=64)
def _fields_of(actor: Actor) -> tuple[str, ...]:
    return tuple(visible_fields(actor, "locations", _FIELDS))


def _arrow(
    fields: list[str], columns: dict[str, Coded], status: Coded, edition: str | None
) -> Response:
    areas = {name: _dictionary(column) for name, column in columns.items()}
    body = _stream(fields, areas, _dictionary(status), edition)
    return answer_bytes(body, media_type=ARROW)


def _dictionary(column: Coded) -> DictionaryColumn:
    return DictionaryColumn.of(column.index, column.legend.tolist())


def _stream(
    fields: Sequence[str],
    areas: dict[str, DictionaryColumn],
    status: DictionaryColumn,
    edition: str | None,
) -> bytes:
    # A list, for a level may have any name.
    named = list(areas.items()) if "areas" in fields else []
    if "location_status" in fields:
        named.append(("location_status", status))
    if "edition" in fields:
        known = np.full(len(status.index), -1 if edition is None else 0, np.int32)
        legend = [] if edition is None else [edition]
        named.append(("edition", DictionaryColumn.of(known, legend)))
    return stream_of(named)
