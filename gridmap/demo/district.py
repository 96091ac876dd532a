"""The synthetic district as a whole: built from a seed, written to files."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import pandas as pd

from gridmap.demo.areas import build_areas
from gridmap.demo.blocks import build_blocks
from gridmap.demo.buildings import build_buildings
from gridmap.demo.dice import Dice
from gridmap.demo.duties import Duties, build_duties
from gridmap.demo.estates import build_estates, chosen_estates
from gridmap.demo.files import save_layers, save_pictures, save_table
from gridmap.demo.frame import lay_frame
from gridmap.demo.ground import build_ground
from gridmap.demo.hierarchy import build_hierarchy
from gridmap.demo.names import Names
from gridmap.demo.organisations import build_organisations
from gridmap.demo.pictures import draw_pictures, pictured
from gridmap.demo.places import build_places
from gridmap.demo.plane import Bend, Plane
from gridmap.demo.redraw import redraw
from gridmap.demo.reports import build_reports
from gridmap.demo.rosters import build_rosters, rosters_after
from gridmap.demo.scales import Scale, scale_of
from gridmap.demo.shapes import draw_outlines
from gridmap.demo.streets import Streets, build_streets

__all__ = ["AREA_LAYERS", "PHOTOS", "REDRAWN_ON", "District", "build"]

AREA_LAYERS = ("subdistrict", "community", "grid", "microgrid")
# First day of the new grids where a scale has a redraw.
REDRAWN_ON = "2026-01-01"
# The folder of the places' pictures, beside their table.
PHOTOS = "photos"
_REPORT_TOPICS = (
    "items", "sources", "delays", "times", "places", "accuracy", "systems", "faults", "observed",
    "texts",
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class District:
    """A district that does not exist, with everything in it. All of it is 演示数据 · 虚构.

    Attributes
    ----------
    scale, seed
        What it was built from; the same two give the same district.
    layers : dict of str to GeoDataFrame
        EPSG:4326. The areas ``subdistrict``, ``community``, ``grid`` and ``microgrid``
        (columns ``code``, ``name``, ``name_en``, ``parent_code``, ``kind``, ``households``,
        ``buildings``, ``note``), and what lies on them: ``estate``, ``building``, ``street``,
        ``park``, ``water``, ``construction_site``, and where the scale has them
        ``river_strip``, ``railway``, ``railway_corridor``.
        ``data/boundaries/README.md`` explains every column.
    duties : Duties
        Responsibility layers and their owners.
    reports : DataFrame
        ``report_id``, ``received_at``, ``observed_at`` (ISO 8601 with offset), ``source``,
        ``item``, ``text``, ``lon``, ``lat`` (in `coord_sys`), ``coord_sys``, ``accuracy_m``;
        in the order of receipt, wrong positions included.
    truth : DataFrame
        ``report_id``, ``lon``, ``lat`` (EPSG:4326), ``microgrid`` (where it happened),
        ``located`` (micro-grid of the position as stated), ``error``; ``layer`` and ``owner``
        (kind of responsibility layer and party code) where the true place leaves no doubt.
    places, organisations, rosters : DataFrame
        Service points, Party and other organisations, and posts: the fields of
        :mod:`gridmap.places.model`. All names and phones are invented.
    redrawn : dict of str to GeoDataFrame
        The area layers as they are from ``REDRAWN_ON`` on, where the scale has a redraw;
        else empty.
    """

    scale: str
    seed: int
    layers: dict[str, gpd.GeoDataFrame]
    duties: Duties
    reports: pd.DataFrame
    truth: pd.DataFrame
    places: pd.DataFrame
    organisations: pd.DataFrame
    rosters: pd.DataFrame
    redrawn: dict[str, gpd.GeoDataFrame]

    def write_layers(self, path: str | Path) -> Path:
        """Write all layers to one GeoPackage, replacing it whole, and return its path."""
        return save_layers(self.layers, Path(path))

    def write_redrawn(self, path: str | Path) -> Path:
        """Write the area layers after the redraw, likewise."""
        return save_layers(self.redrawn, Path(path))

    def write_duties(self, path: str | Path) -> Path:
        """Write the responsibility layers, as an import reads them, likewise."""
        hidden = ["true_lon", "true_lat"]
        shown = {k: f.drop(columns=hidden, errors="ignore") for k, f in self.duties.layers.items()}
        return save_layers(shown, Path(path))

    def write_parties(self, path: str | Path) -> Path:
        """Write the firms, units and offices that own something as CSV, likewise."""
        return save_table(self.duties.parties, Path(path))

    def write_gates(self, path: str | Path) -> Path:
        """Write the gates of the estates, as an import reads them, likewise."""
        estates = self.layers["estate"]
        frame = gpd.GeoDataFrame(
            {
                "code": estates["code"] + "D1",
                "name": estates["name"] + "大门",
                "name_en": estates["name_en"] + " Gate",
                "note": estates["note"],
            },
            geometry=gpd.points_from_xy(estates["gate_lon"], estates["gate_lat"]),
            crs=estates.crs,
        )
        return save_layers({"gate": frame}, Path(path))

    def write_reports(self, path: str | Path) -> Path:
        """Write the reports as CSV (UTF-8), replacing the file whole, and return its path."""
        return save_table(self.reports, Path(path))

    def write_truth(self, path: str | Path) -> Path:
        """Write the truth about the reports as CSV, likewise."""
        return save_table(self.truth, Path(path))

    def write_services(self, folder: str | Path) -> list[Path]:
        """Write ``places.csv``, ``organisations.csv`` and ``rosters.csv`` into a folder.

        The pictures that places name are drawn into its folder ``photos``.
        """
        pictures = draw_pictures(self.places, Dice(self.seed, f"{self.scale}/pictures"))
        save_pictures({one.name: one.data for one in pictures}, Path(folder) / PHOTOS)
        tables = {
            "places": pictured(self.places, pictures, PHOTOS),
            "organisations": self.organisations,
            "rosters": self.rosters,
        }
        return [save_table(t, Path(folder) / f"{name}.csv") for name, t in tables.items()]

    @property
    def ground(self) -> dict[str, gpd.GeoDataFrame]:
        """Layers that a map draws under the areas: water, parks, railways, roads."""
        names = {"water": "water", "parks": "park", "railways": "railway", "roads": "street"}
        return {title: self.layers[name] for title, name in names.items() if name in self.layers}


def build(scale: str = "district", seed: int = 990101) -> District:
    """Build the synthetic district.

    Parameters
    ----------
    scale : str
        One of ``SCALES``: ``district`` has 5 sub-districts, 38 communities, 540 grids, 2,623
        micro-grids and 60,000 reports; ``exclusive`` one sub-district of 52 grids, two of them
        exclusive; ``redraw`` 620 grids in 89 communities that become 539; ``services`` 13
        sub-districts with 516 estates, 110 meal points, 11 nurseries and 153 workshops;
        ``street`` one sub-district of 12 communities and 505 micro-grids, with 120 estates,
        2,498 buildings and 12 themed centres.
    seed : int
        Another seed gives another district of the same counts.

    Raises
    ------
    BadValue
        When there is no such scale.
    """
    size = scale_of(scale)

    def dice(topic: str) -> Dice:
        return Dice(seed, f"{scale}/{topic}")

    plane = Plane(size.lon, size.lat, size.metres_per_lon, size.metres_per_lat)
    layers, streets, duties = _build_layers(size, plane, dice)
    reports, truth = build_reports(
        size.reports,
        layers,
        duties,
        streets,
        plane,
        {topic: dice(topic) for topic in _REPORT_TOPICS},
    )
    places = build_places(size, layers, streets, plane, dice("services"))
    organisations = build_organisations(layers, places, streets, plane, dice("organisations"))
    rosters = build_rosters(layers, dice("rosters"))
    redrawn: dict[str, gpd.GeoDataFrame] = {}
    if size.redrawn:
        after = redraw(layers["grid"], layers["microgrid"], size.redrawn)
        redrawn = {name: layers[name] for name in AREA_LAYERS} | after
        rosters = rosters_after(
            rosters, layers["grid"], after["grid"], REDRAWN_ON, dice("rosters-after")
        )
    return District(
        scale, seed, layers, duties, reports, truth, places, organisations, rosters, redrawn
    )


def _build_layers(
    size: Scale, plane: Plane, dice: Callable[[str], Dice]
) -> tuple[dict[str, gpd.GeoDataFrame], Streets, Duties]:
    names = Names(dice("names"))
    town = build_blocks(size, lay_frame(size, dice("frame")), dice("blocks"))
    tree = build_hierarchy(size, town, dice("hierarchy"))
    bend = Bend(dice("bend"), turn=size.turn, radius=size.core_m)
    outlines = draw_outlines(town, bend, plane, dice("hand"))
    areas = build_areas(size, town, tree, outlines, plane, names)
    streets = build_streets(town, outlines, plane, names)
    ground = build_ground(town, tree, areas, outlines, plane, names, streets, dice("ground"))
    estates = build_estates(town, outlines, plane, streets, names, dice("estates"))

    def built() -> gpd.GeoDataFrame:
        # The same dice each time: only what estate a building is in differs.
        return build_buildings(
            town,
            tree,
            outlines,
            areas.codes,
            estates,
            streets,
            ground,
            plane,
            size.households,
            dice("buildings"),
            size.buildings,
        )

    buildings = built()
    if size.managed_estates:
        estates = chosen_estates(estates, buildings, size.managed_estates, size.open_estates)
        buildings = built()
    layers = {name: _counted(areas.frames[name], buildings) for name in AREA_LAYERS}
    layers |= {"estate": _counted_estates(estates, buildings), "building": buildings}
    layers |= {"street": streets.frame} | ground
    duties = build_duties(town, tree, outlines, layers, streets, plane, names, dice)
    return layers, streets, duties


def _counted(frame: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return an area layer with the homes and buildings that its code is the prefix of."""
    digits = len(frame["code"].iloc[0])
    return _with_counts(frame, buildings, buildings["microgrid_code"].str[:digits])


def _counted_estates(frame: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """Return the estates with homes, buildings and the grid that holds most of the buildings."""
    frame = _with_counts(frame, buildings, buildings["estate_code"])
    pairs = pd.DataFrame(
        {"estate": buildings["estate_code"], "grid": buildings["microgrid_code"].str[:15]}
    )
    counts = pairs.dropna().value_counts().reset_index()
    counts = counts.sort_values(["estate", "count", "grid"], ascending=[True, False, True])
    most = counts.drop_duplicates("estate").set_index("estate")["grid"]
    frame = frame[frame["buildings"] > 0].reset_index(drop=True)
    frame.insert(frame.columns.get_loc("kind") + 1, "grid_code", frame["code"].map(most))
    return frame


def _with_counts(
    frame: gpd.GeoDataFrame, buildings: gpd.GeoDataFrame, owner: pd.Series
) -> gpd.GeoDataFrame:
    group = buildings["households"].groupby(owner)
    at = frame.columns.get_loc("note")
    for offset, (name, counts) in enumerate(
        (("households", group.sum()), ("buildings", group.size()))
    ):
        frame.insert(at + offset, name, frame["code"].map(counts).fillna(0).astype("int64"))
    return frame
