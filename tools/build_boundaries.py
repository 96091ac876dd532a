"""Write the demo's layers to data/boundaries/. Run again after a change of gridmap/demo."""

from __future__ import annotations

import sys
from pathlib import Path

from gridmap.demo import SCALES, build

FOLDER = Path(__file__).resolve().parent.parent / "data" / "boundaries"


def main() -> int:
    """Write one GeoPackage a scale and print their sizes."""
    for scale in SCALES:
        path = build(scale).write_layers(FOLDER / f"{scale}.gpkg")
        print(f"{path.name}: {path.stat().st_size / 1e6:.2f} MB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
