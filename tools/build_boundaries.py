"""Write the demo's layers to data/boundaries/. Run again after a change of gridmap/demo."""

from __future__ import annotations

import sys
from pathlib import Path

from gridmap.demo import build

# The other scales are made when they are asked for: these are small enough to be kept.
KEPT = ("district", "exclusive")
FOLDER = Path(__file__).resolve().parent.parent / "data" / "boundaries"


def main() -> int:
    """Write one GeoPackage for each scale that is kept and print their sizes."""
    for scale in KEPT:
        path = build(scale).write_layers(FOLDER / f"{scale}.gpkg")
        print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
