"""gridmap: polygon layers in, reports in, the right grid and department out.

>>> import gridmap
>>> with gridmap.open("district.gpkg") as workspace:       # doctest: +SKIP
...     workspace.locate(115.43, 34.21).areas
{'subdistrict': '990101001', 'community': '990101001004', ...}
"""

from __future__ import annotations

from importlib.metadata import version as _version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gridmap.workspace import Workspace
    from gridmap.workspace import open_workspace as open

__all__ = ["Workspace", "__version__", "open"]

__version__ = _version("gridmap")


def __getattr__(name: str) -> Any:
    # The workspace draws in geopandas and SQLAlchemy: a second that `gridmap --help` and
    # `from gridmap import crs` need not pay.
    if name in {"open", "Workspace"}:
        from gridmap import workspace

        return workspace.open_workspace if name == "open" else workspace.Workspace
    raise AttributeError(f"module 'gridmap' has no attribute '{name}'")
