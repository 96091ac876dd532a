"""The frame of the one map on the first page of staff; its data are fetched by its script."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import gridmap
from gridmap.i18n import texts
from gridmap.maps.basemap import BaseMap
from gridmap.times import to_site
from gridmap.workspace import Workspace

__all__ = ["MAP_SCRIPTS", "SCRIPTS", "map_frame"]

# Where the scripts of the maps are. Not asked of their room, which would load folium.
MAP_SCRIPTS = Path(gridmap.__file__).parent / "maps" / "static"
# Those that the page needs, in order: a script uses only what stands above it.
SCRIPTS = (
    "base.js", "core.js", "decode.js", "draw.js", "panel.js", "labels.js", "fill.js", "areas.js",
    "houses.js", "search.js", "pins.js", "chain.js", "state.js",
)  # fmt: skip


def map_frame(lang: str, workspace: Workspace, base: BaseMap | None) -> dict[str, Any]:
    """Return what the page says around the map, and what its scripts are told."""
    told = None if base is None else base.told(workspace.district_bounds())
    # States are called as everywhere else.
    said = texts(lang, "map.", "nav.", "page.order.state.")
    title = said["map.one.title"]
    return {
        "scripts": SCRIPTS,
        "as_of": to_site(workspace.clock(), workspace.zone).date().isoformat(),
        "review_no": workspace.settings.map_review_no,
        "base": base,
        "settings": {
            "lang": lang,
            "title": {"zh": title, "en": title},
            "texts": {lang: said},
            "base": told,
        },
    }
