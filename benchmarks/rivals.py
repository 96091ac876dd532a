"""Other engines that answer the same question: which atoms intersect each point.

Each is loaded with atoms, then with points, and run as often as wished. What is timed is the
engine's own quickest output, mostly pairs of point and atom in no order; that the smallest
atom of each point is the same as gridmap's is checked outside of the time. Points and
polygons are ready in each engine's own form before the clock starts.
"""

from __future__ import annotations

import importlib
import io
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import psycopg2
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from benchmarks.measure import process_clock

__all__ = ["RIVALS", "Missing", "Rival", "postgis_server", "smallest"]

Floats = NDArray[np.float64]
_EVER = 2**62
_ROWS_AT_ONCE = 20_000

# The largest town and its index fit into them.
_BUFFERS_MB = 2_048


class Missing(Exception):
    """An engine cannot run on this machine."""


class Rival(ABC):
    """An engine, loaded with atoms; `close` it.

    Attributes
    ----------
    name : str
    most : int
        More points than this are not asked of it: rates are compared.
    """

    name: str
    most: int = 500_000

    @abstractmethod
    def __init__(self, atoms: NDArray[np.object_]) -> None:
        """Load the atoms; raise `Missing` when the engine is not there."""

    @abstractmethod
    def take(self, lon: Floats, lat: Floats) -> None:
        """Load points in place of those before."""

    @abstractmethod
    def run(self) -> Any:
        """Answer for all points: what is timed."""

    @abstractmethod
    def winners(self) -> NDArray[np.int32]:
        """Answer once more: the smallest atom of each point, -1 for none."""

    def also(self) -> Sequence[Rival]:
        """Return other ways of this engine to ask, over the same loaded atoms."""
        return ()

    def clock(self) -> float:
        """CPU seconds that the engine has used, on all its threads."""
        return time.process_time()

    def close(self) -> None:  # noqa: B027 - most engines end with their object
        """Let go of everything."""


def smallest(point: NDArray[Any], atom: NDArray[Any], count: int) -> NDArray[np.int32]:
    """Return the smallest atom of each of `count` points out of pairs, -1 where there is none."""
    none = np.iinfo(np.int32).max
    out = np.full(count, none, np.int32)
    np.minimum.at(out, point, np.asarray(atom, np.int32))
    out[out == none] = -1
    return out


class ShapelyQuery(Rival):
    name = "shapely STRtree.query intersects"
    most = _EVER

    def __init__(self, atoms: NDArray[np.object_]) -> None:
        self.tree = shapely.STRtree(atoms)

    def take(self, lon: Floats, lat: Floats) -> None:
        self.points = shapely.points(lon, lat)

    def run(self) -> Any:
        return self.tree.query(self.points, predicate="intersects")

    def winners(self) -> NDArray[np.int32]:
        return smallest(*self.run(), len(self.points))


class ShapelyRecipe(Rival):
    """Pairs by boxes alone, then the prepared polygons asked about plain coordinates."""

    name = "shapely boxes, then prepared intersects_xy"
    most = _EVER

    def __init__(self, atoms: NDArray[np.object_]) -> None:
        # Its own copies: a prepared polygon would help the other ways of asking too.
        self.atoms = shapely.from_wkb(shapely.to_wkb(atoms))
        shapely.prepare(self.atoms)
        self.tree = shapely.STRtree(self.atoms)

    def take(self, lon: Floats, lat: Floats) -> None:
        self.lon, self.lat = lon, lat
        self.points = shapely.points(lon, lat)

    def run(self) -> Any:
        point, atom = self.tree.query(self.points)
        hit = shapely.intersects_xy(self.atoms[atom], self.lon[point], self.lat[point])
        return point[hit], atom[hit]

    def winners(self) -> NDArray[np.int32]:
        return smallest(*self.run(), len(self.lon))


class GeopandasJoin(Rival):
    name = "geopandas sjoin"

    def __init__(self, atoms: NDArray[np.object_]) -> None:
        self.cells = gpd.GeoDataFrame({"atom": np.arange(len(atoms))}, geometry=atoms, crs=4326)

    def take(self, lon: Floats, lat: Floats) -> None:
        self.points = gpd.GeoDataFrame(geometry=gpd.points_from_xy(lon, lat), crs=4326)

    def run(self) -> Any:
        return gpd.sjoin(self.points, self.cells, how="inner", predicate="intersects")

    def winners(self) -> NDArray[np.int32]:
        found = self.run()
        return smallest(found.index.to_numpy(), found["atom"].to_numpy(), len(self.points))


_JOIN = "SELECT p.n, c.atom FROM points p JOIN cells c ON ST_Intersects(c.geom, p.geom)"


class DuckdbJoin(Rival):
    name = "DuckDB spatial join, one thread"

    def __init__(self, atoms: NDArray[np.object_]) -> None:
        duckdb = _module("duckdb")
        self.connection = duckdb.connect(
            config={
                "threads": 1,
                # From its wheel alone: nothing is fetched while measuring.
                "autoinstall_known_extensions": False,
                "autoload_known_extensions": False,
            }
        )
        self.connection.execute(f"LOAD '{_duckdb_spatial(duckdb.__version__)}'")
        for wkb in _cells(atoms):
            self.connection.register("batch", wkb)
            made = "INSERT INTO cells" if wkb["atom"][0].as_py() else "CREATE TABLE cells AS"
            self.connection.execute(f"{made} SELECT atom, ST_GeomFromWKB(wkb) geom FROM batch")
            self.connection.unregister("batch")

    def take(self, lon: Floats, lat: Floats) -> None:
        self.count = len(lon)
        table = pa.table({"n": np.arange(len(lon), dtype=np.int32), "x": lon, "y": lat})
        self.connection.register("given", table)
        self.connection.execute(
            "CREATE OR REPLACE TABLE points AS SELECT n, ST_Point(x, y) geom FROM given"
        )
        self.connection.unregister("given")

    def run(self) -> Any:
        return self.connection.execute(_JOIN).to_arrow_table()

    def winners(self) -> NDArray[np.int32]:
        found = self.run()
        return smallest(found["n"].to_numpy(), found["atom"].to_numpy(), self.count)

    def close(self) -> None:
        self.connection.close()


class SedonaJoin(Rival):
    name = "SedonaDB join, one partition"

    def __init__(self, atoms: NDArray[np.object_]) -> None:
        self.engine = _module("sedonadb").connect()
        self.engine.sql("SET datafusion.execution.target_partitions = 1")
        number = np.arange(len(atoms), dtype=np.int32)
        self._view("cells", gpd.GeoDataFrame({"atom": number}, geometry=atoms))

    def take(self, lon: Floats, lat: Floats) -> None:
        self.count = len(lon)
        number = np.arange(len(lon), dtype=np.int32)
        points = gpd.GeoDataFrame({"n": number}, geometry=shapely.points(lon, lat))
        self._view("points", points)

    def _view(self, name: str, frame: gpd.GeoDataFrame) -> None:
        made = self.engine.create_data_frame(frame.rename_geometry("geom"))
        made.to_memtable().to_view(name, overwrite=True)

    def run(self) -> Any:
        return pa.table(self.engine.sql(_JOIN))

    def winners(self) -> NDArray[np.int32]:
        found = self.run()
        return smallest(found["n"].to_numpy(), found["atom"].to_numpy(), self.count)


class PostgisJoin(Rival):
    """A GiST join in one backend; its answer is summed up, so that no row is sent."""

    name = "PostGIS GiST join"
    most = 100_000
    points = "points"

    def __init__(self, atoms: NDArray[np.object_]) -> None:
        self.server = postgis_server()
        self.connection = psycopg2.connect(self.server.dsn("bench"))
        self.connection.autocommit = True
        self.cpu = process_clock(self.connection.info.backend_pid)
        self.do("SET max_parallel_workers_per_gather = 0", "SET jit = off")
        self.do("CREATE UNLOGGED TABLE cells (atom integer, geom geometry)")
        for batch in _cells(atoms):
            shapes = [wkb.as_py().hex() for wkb in batch["wkb"]]
            rows = zip(batch["atom"].to_pylist(), shapes, strict=True)
            self._copy("cells", (f"{atom}\t{shape}\n" for atom, shape in rows))
        self.do("CREATE INDEX ON cells USING gist (geom)", "VACUUM ANALYZE cells")

    def also(self) -> Sequence[Rival]:
        return (PostgisPoints(self),)

    def take(self, lon: Floats, lat: Floats) -> None:
        self.count = len(lon)
        self.do(
            f"DROP TABLE IF EXISTS {self.points}, given",
            "CREATE UNLOGGED TABLE given (n integer, x float8, y float8)",
        )
        rows = enumerate(zip(lon.tolist(), lat.tolist(), strict=True))
        self._copy("given", (f"{n}\t{x!r}\t{y!r}\n" for n, (x, y) in rows))
        self.do(
            f"CREATE UNLOGGED TABLE {self.points} AS SELECT n, ST_Point(x, y) geom FROM given",
            f"VACUUM ANALYZE {self.points}",
        )

    @property
    def join(self) -> str:
        return _JOIN.replace("points", self.points)

    def run(self) -> Any:
        with self.connection.cursor() as cursor:
            cursor.execute(f"SELECT count(*), sum(n), sum(atom) FROM ({self.join}) pairs")
            return cursor.fetchone()

    def winners(self) -> NDArray[np.int32]:
        with self.connection.cursor() as cursor:
            cursor.execute(self.join)
            pairs = np.array(cursor.fetchall(), dtype=np.int64).reshape(-1, 2)
        return smallest(pairs[:, 0], pairs[:, 1], self.count)

    def clock(self) -> float:
        return self.cpu()

    def close(self) -> None:
        self.connection.close()
        self.server.stop()

    def do(self, *statements: str) -> None:
        with self.connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def _copy(self, table: str, lines: Iterator[str]) -> None:
        with self.connection.cursor() as cursor, closing(io.StringIO("".join(lines))) as text:
            cursor.copy_expert(f"COPY {table} FROM STDIN", text)


class PostgisPoints(PostgisJoin):
    """The points have a GiST index as well, which is ready before the clock starts.

    PostGIS then walks the cells and asks each, prepared once, about its points.
    """

    name = "PostGIS join, the points indexed beforehand"
    points = "indexed"

    def __init__(self, loaded: PostgisJoin) -> None:
        self.connection, self.cpu = loaded.connection, loaded.cpu

    def also(self) -> Sequence[Rival]:
        return ()

    def take(self, lon: Floats, lat: Floats) -> None:
        super().take(lon, lat)
        self.do("CREATE INDEX ON indexed USING gist (geom)", "VACUUM ANALYZE indexed")

    def close(self) -> None:
        """Leave the connection to the one that loaded the cells."""


# Those in one group are in memory together and take turns; then the next group is loaded.
RIVALS: tuple[tuple[type[Rival], ...], ...] = (
    (ShapelyQuery, ShapelyRecipe, GeopandasJoin),
    (DuckdbJoin, SedonaJoin),
    (PostgisJoin,),
)


def postgis_server() -> Any:
    """Start a private PostgreSQL with a database ``bench`` that has PostGIS; stop it."""
    from tests.postgres import NoPostgres, Server

    try:
        server = Server.start(buffers_mb=_BUFFERS_MB)
    except NoPostgres as error:
        raise Missing(str(error)) from error
    try:
        server.create_database(name="bench")
        server.execute("CREATE EXTENSION postgis", database="bench")
    except BaseException:
        server.stop()
        raise
    return server


def _cells(atoms: NDArray[np.object_]) -> Iterator[pa.Table]:
    """Yield numbers and WKB of the atoms, some thousand at a time."""
    for start in range(0, len(atoms), _ROWS_AT_ONCE):
        some = atoms[start : start + _ROWS_AT_ONCE]
        number = np.arange(start, start + len(some), dtype=np.int32)
        yield pa.table({"atom": number, "wkb": pa.array(shapely.to_wkb(some), pa.binary())})


def _module(name: str) -> Any:
    if find_spec(name) is None:
        raise Missing(f"{name} is not installed (pip install 'gridmap[bench]').")
    return importlib.import_module(name)


def _duckdb_spatial(version: str) -> Path:
    """Return the spatial extension that was installed as a wheel, for this version of DuckDB."""
    folder = Path(_module("duckdb_extension_spatial").__path__[0]) / "extensions"
    path = folder / f"v{version}" / "spatial.duckdb_extension"
    if not path.exists():
        there = ", ".join(sorted(p.name for p in folder.iterdir()))
        raise Missing(f"DuckDB is {version}, its spatial extension {there}.")
    return path
