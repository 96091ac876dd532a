"""`assign`: a file of points in, the same rows with their areas out, in constant memory."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from gridmap.areas import Levels
from gridmap.bulk.ahead import ahead
from gridmap.bulk.answers import PREFIX, AnswerColumns, geometry_column
from gridmap.bulk.coded import plain
from gridmap.bulk.columns import ColumnPlan, plan_columns
from gridmap.bulk.datum import DatumSample
from gridmap.bulk.formats import (
    FileFormat,
    FileKind,
    Writer,
    check_replaceable,
    file_format,
    open_source,
    writer_for,
)
from gridmap.bulk.identity import run_identity
from gridmap.bulk.keeper import Keeper
from gridmap.bulk.kept import INTERVAL_S, KeptRun
from gridmap.bulk.model import (
    Assigned,
    AssignSummary,
    Each,
    Locate,
    Progress,
    Route,
    Rows,
    Source,
)
from gridmap.bulk.points import PointReader, ReadPoints
from gridmap.bulk.rejects import RejectsFile, rejects_path
from gridmap.bulk.safe_output import disk_errors
from gridmap.bulk.tally import Tally
from gridmap.coverage.reading.read import split_source
from gridmap.errors import BadValue
from gridmap.locate.model import Locations, Points

__all__ = ["AssignSummary", "assign"]


def assign(
    source: str | Path,
    output: str | Path,
    *,
    locate: Locate,
    zone: ZoneInfo,
    levels: Levels | None = None,
    lon: str | None = None,
    lat: str | None = None,
    coord_sys: str | None = None,
    accuracy: str | None = None,
    at: str | None = None,
    observed: str | None = None,
    item: str | None = None,
    route: Route | None = None,
    encoding: str | None = None,
    progress: Progress | None = None,
    each: Each | None = None,
    resume: bool = False,
    answers: Mapping[str, str] | None = None,
    journal_s: float = INTERVAL_S,
    timer: Callable[[], float] = time.perf_counter,
) -> AssignSummary:
    """Add to every row of a file of points the areas that hold it.

    The input's columns are kept verbatim and in order; one row in is one row out, invalid
    ones too (`location_status` says so and `warning` why). Rows that cannot be read go to
    ``OUTPUT.rejects.csv`` with line, reason and text. The output appears complete or not at
    all; an older output or rejects file is replaced, but no GeoPackage with layers of something
    else. A run that broke off can be gone on with: see `resume`.

    Parameters
    ----------
    source, output : str or Path
        CSV or TSV (``.gz`` too), Parquet, GeoJSON, GeoPackage (``FILE:LAYER``), told by
        the ending. GeoJSON and GeoPackage outputs get point geometry in EPSG:4326.
    locate : callable
        Points to Locations; called from several threads, the batches in any order.
    zone : ZoneInfo
        In which times without an offset are.
    levels : Levels, optional
        The levels that get a column; those that `locate` knows when not given.
    lon, lat : str, optional
        Columns. Without them: the geometry, else columns whose names are telling.
    coord_sys : str, optional
        A coordinate system, or the column that names each row's. A known system wins.
        Without it: the geometry's own, else a column ``coord_sys``, else WGS-84.
    accuracy : str, optional
        Column of radii in metres.
    at : str, optional
        Column of times at which a report came in; they select the edition, and deadlines
        run from them.
    observed : str, optional
        Column of times at which the thing was seen; where there is one it selects the
        edition.
    item, route : optional
        Column of catalogue items, and what routes them; both or neither.
    encoding : str, optional
        Of a text input, when what was found out is wrong.
    progress : callable, optional
        Called after each batch with the rows done and the rows in all or None.
    each : callable, optional
        Called with each batch and its answers, for example to store them.
    resume : bool
        Go on where a run with the same output broke off; begin anew when none did. The result
        is that of a run that never broke off, byte for byte (a GeoPackage: row for row).
    answers : mapping of str to str, optional
        In words, what `locate` and `route` answer from: a run goes on only with the same.
    journal_s : float
        Seconds between the journals that a later run can go on from.

    Returns
    -------
    AssignSummary

    Raises
    ------
    InputError
        When a file, a column or a value given cannot be used.
    Conflict
        When a run cannot be gone on with, because the input, the options or `answers` are
        others now; what is kept of it stays.
    StoreFull
        When the disk is full.
    """
    began = timer()
    path, layer = _split(source)
    target = Path(output)
    target_format = file_format(target)
    _check_paths(path, target)
    check_replaceable(target_format, target)
    if (item is None) != (route is None):
        raise BadValue("An item column needs a catalogue to route by.", got=item)
    if resume and each is not None:
        raise BadValue(
            "A run whose reports are stored as it goes cannot be gone on with.",
            repair="Run it without resume, and store what was not stored.",
        )
    given = {
        "lon": lon,
        "lat": lat,
        "coord_sys": coord_sys,
        "accuracy": accuracy,
        "at": at,
        "observed": observed,
        "item": item,
    }
    with ExitStack() as stack:
        kept = stack.enter_context(KeptRun(target, resume=resume, every_s=journal_s))
        rejects = stack.enter_context(RejectsFile(target, kept.rejects))
        rows = stack.enter_context(
            closing(open_source(path, layer, rejects.add, encoding=encoding))
        )
        plan = plan_columns(rows, **given)
        added = AnswerColumns.beside(
            rows.schema.names,
            (levels or _levels_of(locate)).names,
            place=plan.from_geometry and not target_format.has_geometry,
            routed=route is not None,
            fold=target_format.kind is FileKind.GEOPACKAGE,
        )
        _check_names(rows.schema.names, target_format)
        tally = Tally(added.levels)
        sample = DatumSample()
        options = {**given, "layer": layer, "encoding": encoding, "zone": zone.key}
        identity = run_identity(
            path, options, {"columns added": ", ".join(added.names), **(answers or {})}
        )
        kept.check(identity)
        keeper = Keeper(
            kept,
            identity,
            rejects,
            tally,
            sample,
            _writer(rows, file_format(path), target, target_format),
            timer,
        )
        keeper.go_on(began)
        work = _Work(rows, plan, added, tally, sample, locate, route, zone, progress, each, keeper)
        with disk_errors(target):
            _write(work, target_format)
            rejects.finish()
        kept.commit(rejects.path if rejects.count else None)
        if not rejects.count:
            rejects.path.unlink(missing_ok=True)
        return AssignSummary(
            source=path,
            output=target,
            rejects_file=rejects.path if rejects.count else None,
            rows=tally.rows,
            rejects=rejects.count,
            by_status=tally.counts("location_status"),
            by_warning=tally.counts("warning"),
            levels=tally.by_level(),
            editions=tally.counts("edition"),
            coord_systems=dict(tally.systems.most_common()),
            columns=plan.used(),
            added=added.names,
            prefix=added.prefix,
            facts=rows.facts,
            seconds=keeper.seconds(),
            departments=tally.counts("department"),
            handling_levels=tally.counts("handling_level"),
            due=tally.days("due_at"),
            notes=(*plan.notes, *_prefix_note(added, rows.schema.names)),
            datum_warning=sample.warning(locate),
            resumed=keeper.resumed,
        )


# Rows, what was read from them, rows in all, and rejects up to there.
_Batch = tuple[Rows, ReadPoints, int | None, tuple[int, int]]
_Answer = tuple[Locations, dict[str, pa.Array] | None]


@dataclass(frozen=True, slots=True)
class _Work:
    """Everything one run needs to turn the input's batches into the output's."""

    source: Source
    plan: ColumnPlan
    added: AnswerColumns
    tally: Tally
    sample: DatumSample
    locate: Locate
    route: Route | None
    zone: ZoneInfo
    progress: Progress | None
    each: Each | None
    keeper: Keeper

    def schema(self, *, geometry: bool) -> pa.Schema:
        last = [pa.field("geometry", pa.binary())] if geometry else []
        return pa.schema(
            [*self.source.schema, *self.added.fields, *last], self.source.schema.metadata
        )

    def batches(
        self, schema: pa.Schema, *, geometry: bool, text: bool
    ) -> Generator[pa.RecordBatch, None, None]:
        """Yield the output's rows; for `text`, columns may be in dictionaries."""
        for (rows, read, total, rejects), (found, early) in self._answered():
            answers = self._routed(read, found) if early is None else early
            self.tally.add(answers, read.systems)
            self.sample.add(rows.table, read.points)
            if self.each is not None:
                self.each(Assigned(rows.table, read.points, found, read.times))
            last = [geometry_column(found)] if geometry else []
            columns = [*rows.table.columns, *answers.values(), *last]
            if text:
                yield pa.RecordBatch.from_arrays(columns, schema.names)
            else:
                yield pa.RecordBatch.from_arrays([*map(_typed, columns, schema)], schema=schema)
            if self.progress is not None:
                self.progress(self.tally.rows, total)
            # The writer has taken the batch, for it asks for the next.
            self.keeper.passed(rows.upto, rejects)

    def _answered(self) -> Iterator[tuple[_Batch, _Answer]]:
        # Closed when the writer gives up, so that no thread works on for nobody.
        with closing(ahead(self._answer, self._read())) as answered:
            yield from answered

    def _read(self) -> Iterator[_Batch]:
        reader, done = PointReader(self.plan, self.zone), self.keeper.resumed
        for rows in self.source.batches(self.keeper.skip):
            done += rows.table.num_rows
            yield rows, reader.read(rows), self.source.total(done), self.keeper.rejects.place()

    def _answer(self, batch: _Batch) -> _Answer:
        """Locate a batch, in any thread; what is routed gets its columns later, in order."""
        read = batch[1]
        found = self.locate(read.points)
        if self.route is not None:
            return found, None
        return found, self.added.build(found, read.remarks, None)

    def _routed(self, read: ReadPoints, found: Locations) -> dict[str, pa.Array]:
        routed = None
        if self.route is not None and read.items is not None:
            routed = self.route(read.items, read.points, found, read.times)
        return self.added.build(found, read.remarks, routed)


def _typed(column: pa.Array, field: pa.Field) -> pa.Array:
    return column if column.type == field.type else plain(column)


def _writer(
    source: Source, source_format: FileFormat, target: Path, target_format: FileFormat
) -> Writer:
    text = target_format.kind is FileKind.TEXT
    delimiter = target_format.delimiter
    if text and delimiter == source_format.delimiter == ",":
        # A file with semicolons stays one: it is what the program it came from reads. The tabs
        # of a .tsv are no such choice.
        delimiter = getattr(source, "delimiter", delimiter)
    return writer_for(
        target_format,
        target,
        delimiter=delimiter,
        bom=text and getattr(source, "has_mark", False),
    )


def _write(work: _Work, target_format: FileFormat) -> None:
    geometry, text = target_format.has_geometry, target_format.kind is FileKind.TEXT
    schema = work.schema(geometry=geometry)
    with closing(work.batches(schema, geometry=geometry, text=text)) as batches:
        work.keeper.writer(work.keeper.kept.rows, schema, batches)


def _split(source: str | Path) -> tuple[Path, str | None]:
    return (source, None) if isinstance(source, Path) else split_source(source)


def _levels_of(locate: Locate) -> Levels:
    return locate(Points(np.empty(0), np.empty(0))).levels


def _check_paths(source: Path, target: Path) -> None:
    if _same(source, target):
        raise BadValue(
            "Input and output are the same file.", got=target, repair="Name another output."
        )
    if _same(source, rejects_path(target)):
        raise BadValue(
            "The rejects file would overwrite the input.",
            got=source,
            repair="Name another output.",
        )


def _same(one: Path, other: Path) -> bool:
    if one.exists() and other.exists():
        return one.samefile(other)
    return one.resolve() == other.resolve()


def _check_names(names: list[str], target: FileFormat) -> None:
    """Refuse names that the output's format cannot tell apart; text can hold any."""
    if target.kind is FileKind.TEXT:
        return
    fold = target.kind is FileKind.GEOPACKAGE
    seen: set[str] = set()
    for name in names:
        key = name.lower() if fold else name
        if key in seen or not name:
            raise BadValue(
                "The output's format needs a name of its own for every column.",
                got=repr(name),
                repair="Rename the column, or write a CSV.",
            )
        seen.add(key)


def _prefix_note(added: AnswerColumns, taken: list[str]) -> list[str]:
    if not added.prefix:
        return []
    there = {name.lower() for name in taken}
    rest = added.bare_names[len(added.place) :]
    clash = [name for name in rest if name.lower() in there]
    return [
        f"the input already has {', '.join(clash)}: "
        f"all added columns were given the prefix {PREFIX}"
    ]
