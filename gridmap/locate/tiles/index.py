"""The compiled engine: which atoms touch a point, which is nearest, and how far."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from pyproj import Geod

from gridmap.errors import BadValue
from gridmap.locate.borders import LEAST_M, Floats, Ints
from gridmap.locate.model import BORDER, SEVERAL, TOUCHED
from gridmap.locate.tiles.build import sweep
from gridmap.locate.tiles.file import read_arrays, write_arrays
from gridmap.locate.tiles.gather import gather
from gridmap.locate.tiles.kernel import (
    UNDECIDED,
    Statuses,
    all_touched,
    first_of,
    first_of_one,
)
from gridmap.locate.tiles.near import closest
from gridmap.locate.tiles.nest import divide
from gridmap.locate.tiles.one import OnePoint, Outline, outline
from gridmap.locate.tiles.pyramid import most_in_tile, pile
from gridmap.locate.tiles.raster import MAX_IDS, MAX_RECORDS, PER_Y, ROWS, SOUTH, WEST, head_of
from gridmap.locate.tiles.records import Atoms
from gridmap.locate.tiles.rings import Rings, read_rings

__all__ = ["TILES_PER_ATOM", "TileIndex"]

TILES_PER_ATOM = 64.0

# Long borders get tiles for themselves: about two vertices a tile.
_TILES_PER_VERTEX = 0.55
_BLOCK = 65_536
_FEW = 256  # points that are not worth sorting
_NAMES = (
    "head", "tiles", "words", "member_atom", "member_kind", "blocks", "floors", "groups", "atoms",
)  # fmt: skip


class TileIndex:
    """An :class:`~gridmap.locate.model.AtomIndex` compiled to tiles.

    For every point the atoms are those of GEOS `intersects` on the original vertices: signs
    are exact, nothing is clipped, rounded or tolerated. The winner is the atom with the
    smallest number; as atoms come in the order of the tie rule, that depends on codes alone,
    so it is the same on every machine and in whatever order the areas were imported.

    Parameters
    ----------
    geometry : object array (n,)
        Polygon or MultiPolygon, EPSG:4326, in the order of the tie rule; None and empty
        touch nothing. Invalid ones are asked as GEOS understands them.
    tiles_per_atom : float
        Tiles of the raster for each atom, on average: more are faster and take more memory.
    groups : uint8 (n,), optional
        The bit of the group that each atom belongs to; 1 to 128. Say that the atoms are of
        several sizes, one on top of the other: the search for the border of a large one is
        then not held up by those of the small ones.

    Raises
    ------
    BadValue
        When a vertex is not finite, or there are too many of them (2**30).
    """

    def __init__(
        self,
        geometry: NDArray[np.object_],
        *,
        tiles_per_atom: float = TILES_PER_ATOM,
        groups: NDArray[np.uint8] | None = None,
    ) -> None:
        if not tiles_per_atom > 0:
            raise BadValue("An index needs tiles.", got=tiles_per_atom, allowed="more than 0")
        rings = read_rings(geometry)
        wanted = max(tiles_per_atom * len(rings.member_atom), _TILES_PER_VERTEX * len(rings.x), 1.0)
        head = head_of(rings.x, rings.y, _longest(rings), wanted)
        swept = sweep(head, rings.x, rings.y, rings.member, rings.member_atom, rings.member_kind)
        words = divide(head, swept, rings.member_atom, rings.member_kind)
        head[MAX_RECORDS], head[MAX_IDS] = most_in_tile(
            swept.tiles, words.view(np.uint8), words.view(np.int32)
        )
        bits = np.empty(0, np.uint8) if groups is None else np.ascontiguousarray(groups, np.uint8)
        blocks, floors = pile(head, swept.tiles, words, rings.member_atom, bits)
        self._take(
            head=head,
            tiles=swept.tiles,
            words=words,
            member_atom=rings.member_atom,
            member_kind=rings.member_kind,
            blocks=blocks,
            floors=floors.reshape(-1),
            groups=bits,
            atoms=np.array([len(geometry)], np.int64),
        )

    def _take(self, **arrays: Any) -> None:
        self._arrays = {name: arrays[name] for name in _NAMES}
        self._head, self._tiles, self._words = arrays["head"], arrays["tiles"], arrays["words"]
        words, members = self._words, (arrays["member_atom"], arrays["member_kind"])
        self._quick: tuple[Any, ...] = (
            self._head, self._tiles, words, words.view(np.uint8), words.view(np.int32),
        )  # fmt: skip
        self._exact: tuple[Any, ...] = (*self._quick, words.view(np.int64), *members)
        self._search = (*self._exact[:-1], arrays["blocks"], arrays["floors"].reshape(-1, 3))
        self._atoms = int(arrays["atoms"][0])
        self._geod = Geod(ellps="WGS84")

    def __len__(self) -> int:
        return self._atoms

    @property
    def nbytes(self) -> int:
        """Bytes of the whole index, in memory and (but for a page) in a file."""
        return sum(array.nbytes for array in self._arrays.values())

    # -- files -------------------------------------------------------------------------

    def save(self, path: Path, fingerprint: str) -> None:
        """Write the index to a file that appears whole or not at all.

        `fingerprint` says what was indexed; `open` asks for it again. Raises `StoreUnusable`
        when the file cannot be written.
        """
        write_arrays(Path(path), fingerprint, self._arrays)

    @classmethod
    def open(cls, path: Path, fingerprint: str, *, verify: bool = True) -> Self:
        """Map a saved index into memory, shared by all processes that do.

        Raises
        ------
        UnreadableFile
            When the file is missing, cut short, changed, of another format or version, or
            made of something else than `fingerprint` says: build the index anew.
        """
        arrays = read_arrays(Path(path), fingerprint, names=_NAMES, verify=verify)
        index = cls.__new__(cls)
        index._take(**arrays)
        return index

    # -- touching ----------------------------------------------------------------------

    def first(
        self,
        lon: Floats,
        lat: Floats,
        *,
        threads: int = 1,
        out: tuple[Atoms, Statuses] | None = None,
    ) -> tuple[Atoms, Statuses]:
        """Return the winner of each point and a status.

        Parameters
        ----------
        lon, lat : float64 (n,)
            Degrees; NaN, infinite and far away points touch nothing.
        threads : int
            Threads that share the points; they run outside Python's lock.
        out : int32 (n,) and uint8 (n,), optional
            Where the answers are written, both in one piece; else new arrays. Who asks about
            one batch after another spares the system from finding them fresh pages.

        Returns
        -------
        atom : int32 (n,)
            The smallest number of the atoms that touch the point, -1 for none.
        status : uint8 (n,)
            Bits: 1 the point touches an atom, 2 it lies exactly on the border of the winner,
            4 it touches several atoms.

        Raises
        ------
        ValueError
            When `out` has another length or type, or does not lie in one piece.
        """
        x, y = np.ascontiguousarray(lon, np.float64), np.ascontiguousarray(lat, np.float64)
        atom, status = _answers(len(x), out)
        if threads < 2 or len(x) < 2 * _BLOCK:
            undecided = first_of(*self._quick, x, y, atom, status)
        else:
            ends = np.linspace(0, len(x), 4 * threads + 1).astype(np.int64)
            with ThreadPoolExecutor(threads) as pool:
                parts = [slice(a, b) for a, b in pairwise(ends.tolist())]
                done = [
                    pool.submit(first_of, *self._quick, x[p], y[p], atom[p], status[p])
                    for p in parts
                ]
                undecided = sum(one.result() for one in done)
        if undecided:
            some = np.flatnonzero(status == UNDECIDED)
            atom[some], status[some] = self._decide(x[some], y[some])
        return atom, status

    def _decide(self, x: Floats, y: Floats) -> tuple[Atoms, Statuses]:
        """Answer as `first`, from all that touches."""
        point, touched, state = self._touching(x, y)
        atom, status = np.full(len(x), -1, np.int32), np.zeros(len(x), np.uint8)
        several = np.bincount(point, minlength=len(x)) > 1
        lowest, place = np.unique(point, return_index=True)
        atom[lowest] = touched[place]
        status[lowest] = TOUCHED + np.where(state[place] == 2, BORDER, 0)
        status[several] += SEVERAL
        return atom, status

    def first_one(self, lon: float, lat: float) -> tuple[int, int]:
        """Return winner (-1 for none) and status of one point, as :meth:`first`."""
        won = first_of_one(*self._quick, lon, lat)
        if won == UNDECIDED:
            atom, status = self._decide(np.array([lon]), np.array([lat]))
            return int(atom[0]), int(status[0])
        return won >> 8, won & 255

    def touching(self, lon: Floats, lat: Floats) -> tuple[Ints, Ints]:
        """Pairs (point, atom) that intersect, ordered by point, then atom."""
        x, y = np.ascontiguousarray(lon, np.float64), np.ascontiguousarray(lat, np.float64)
        return self._touching(x, y)[:2]

    def _touching(self, x: Floats, y: Floats) -> tuple[Ints, Ints, Statuses]:
        """Pairs that intersect, and for each 1 inside or 2 on the border."""
        found = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.uint8))]
        begin = 0
        while begin < len(x):
            room = len(x) - begin + int(self._head[MAX_IDS]) + 1024
            point, atom = np.empty(room, np.int64), np.empty(room, np.int64)
            state = np.empty(room, np.uint8)
            begin, used = all_touched(*self._exact, x, y, begin, point, atom, state)
            found.append((point[:used], atom[:used], state[:used]))
        points, atoms, states = zip(*found[-1:] if len(found) == 2 else found, strict=True)
        return np.concatenate(points), np.concatenate(atoms), np.concatenate(states)

    def one_point(self, above: TileIndex | None, borders: NDArray[np.int32]) -> OnePoint:
        """Return what answers for one point, with the margins of the shapes in another index.

        `borders` tells for each atom and level which shape that is, see :class:`OnePoint`.
        """
        return OnePoint(self._outline(), None if above is None else above._outline(), borders)

    def _outline(self) -> Outline:
        listed = ("head", "tiles", "words", "member_atom", "blocks")
        arrays = self._arrays
        floors = arrays["floors"].reshape(-1, 3)
        return outline(*[arrays[name] for name in listed], floors, arrays["groups"])

    def on_border(self, lon: Floats, lat: Floats, atom: Ints) -> NDArray[np.bool_]:
        """For each point and its own atom: True when the point lies exactly on the border."""
        x, y = np.ascontiguousarray(lon, np.float64), np.ascontiguousarray(lat, np.float64)
        point, touched, state = self._touching(x, y)
        border = np.zeros(len(x), dtype=bool)
        border[point[(state == 2) & (touched == np.asarray(atom)[point])]] = True
        return border

    # -- metres ------------------------------------------------------------------------

    def margin(self, lon: Floats, lat: Floats, atom: Ints) -> Floats:
        """Metres from each point to the border of its own atom; NaN where it has none."""
        return self._closest(lon, lat, np.ascontiguousarray(atom, np.int64))[1]

    def nearest(self, lon: Floats, lat: Floats) -> tuple[Ints, Floats]:
        """Nearest atom of each point and its distance; -1 and NaN when there is no atom."""
        atom, metres = self._closest(lon, lat, np.full(len(lon), -1, np.int64))
        won, _ = self.first(lon, lat)
        inside = won >= 0
        atom[inside], metres[inside] = won[inside], 0.0
        return atom, metres

    def _closest(self, lon: Floats, lat: Floats, own: Ints) -> tuple[Ints, Floats]:
        x, y, order = self._by_tile(lon, lat)
        atom, metres = np.empty(len(x), np.int64), np.empty(len(x))
        foot = np.empty((len(x), 2))
        closest(*self._search, self._arrays["groups"], x, y, own[order], atom, metres, foot)
        self._measure(x, y, metres, foot)
        metres[atom < 0] = np.nan
        atoms, away = np.empty_like(atom), np.empty_like(metres)
        atoms[order], away[order] = atom, np.maximum(metres, LEAST_M)
        return atoms, away

    def _by_tile(self, lon: Floats, lat: Floats) -> tuple[Floats, Floats, Ints]:
        """Return points and their numbers by rows of tiles, which memory likes better."""
        x, y = np.ascontiguousarray(lon, np.float64), np.ascontiguousarray(lat, np.float64)
        if len(x) < _FEW:
            return x, y, np.arange(len(x))
        row = np.floor((y - self._head[SOUTH]) * self._head[PER_Y])
        # To and fro, so that the next row begins where the last ended.
        along = np.where(row % 2 == 0, x, -x) - self._head[WEST]
        order = np.argsort(np.clip(row, -1, self._head[ROWS]) * 1000 + along)
        return x[order], y[order], order

    def _measure(self, lon: Floats, lat: Floats, metres: Floats, foot: Floats) -> None:
        """Fill in, along the geodesic, the metres that are negative."""
        far = np.flatnonzero(metres < 0)
        if len(far):
            north = np.clip(foot[far, 1], -90, 90)
            foot_lon = np.where(np.isfinite(foot[far, 0]), foot[far, 0], 0)
            _, _, away = self._geod.inv(lon[far], lat[far], foot_lon, north)
            metres[far] = np.maximum(away, LEAST_M)

    def within(self, lon: Floats, lat: Floats, radius_m: Floats) -> tuple[Ints, Ints, Floats]:
        """Triples (point, atom, metres) with distance <= radius_m, by point, then atom."""
        x, y, order = self._by_tile(lon, lat)
        radius = np.ascontiguousarray(radius_m, np.float64)[order]
        point, touched, _ = self._touching(x, y)
        touch = np.concatenate([[0], np.cumsum(np.bincount(point, minlength=len(x)))])
        near, feet = np.full(self._atoms, -1.0), np.empty((self._atoms, 2))
        listed = np.empty(self._atoms, np.int64)
        found = [(np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0))]
        begin, room = 0, 4 * len(x) + 1024
        while begin < len(x):
            room = max(room, self._atoms)
            point, atom = np.empty(room, np.int64), np.empty(room, np.int64)
            metres, foot = np.empty(room), np.empty((room, 2))
            begin, used = gather(
                *self._search, x, y, radius, begin, touch, touched, point, atom, metres, foot,
                near, feet, listed,
            )  # fmt: skip
            point, atom, metres = point[:used], atom[:used], metres[:used]
            if (metres < 0).any():
                self._measure(x[point], y[point], metres, foot[:used])
                keep = metres <= radius[point]
                point, atom, metres = point[keep], atom[keep], metres[keep]
            found.append((point, atom, metres))
        points, atoms, distances = map(np.concatenate, zip(*found, strict=True))
        return _in_order(points, atoms, distances, order)


def _answers(number: int, out: tuple[Atoms, Statuses] | None) -> tuple[Atoms, Statuses]:
    """The arrays that winners and statuses are written into."""
    if out is None:
        return np.empty(number, np.int32), np.empty(number, np.uint8)
    _need(out[0], np.int32, number)
    _need(out[1], np.uint8, number)
    return out


def _need(out: NDArray[Any], dtype: type[np.generic], number: int) -> None:
    if out.shape != (number,) or out.dtype != dtype or not out.flags.carray:
        raise ValueError(
            f"out: {np.dtype(dtype)} ({number},) in one piece is needed,"
            f" not {out.dtype} {out.shape}"
        )


def _in_order(point: Ints, atom: Ints, metres: Floats, order: Ints) -> tuple[Ints, Ints, Floats]:
    """Give the triples of points that were sorted their old numbers and their old order."""
    if len(order) < _FEW:
        return point, atom, metres
    count = np.bincount(point, minlength=len(order))
    counts = np.empty_like(count)
    counts[order] = count
    # How far the triples of each point move.
    move = (np.cumsum(counts) - counts)[order] - (np.cumsum(count) - count)
    place = np.repeat(move, count) + np.arange(len(point))
    atoms, distances = np.empty_like(atom), np.empty_like(metres)
    atoms[place], distances[place] = atom, metres
    return np.repeat(np.arange(len(order)), counts), atoms, distances


def _longest(rings: Rings) -> tuple[float, float]:
    """Greatest extent of an edge in longitude and in latitude."""
    edge = rings.member[:-1] >= 0
    extents = [
        np.abs(np.diff(values)).max(where=edge, initial=0.0) for values in (rings.x, rings.y)
    ]
    return float(extents[0]), float(extents[1])
