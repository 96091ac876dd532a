"""Reports and rulings for the ownership reviews of the town; fixtures: `tests.review_fixtures`.

Nobody registered the manhole covers of the town: item 0301 has no owner anywhere in it.
"""

from __future__ import annotations

from datetime import UTC, datetime

from gridmap.workspace import Workspace
from tests.api_town import Hands, spot

COVER = "0301"


def morning() -> Hands:
    hands = Hands(datetime(2026, 1, 2, tzinfo=UTC))
    hands.set("2026-03-04 09:00")
    return hands


def report(workspace: Workspace, x: float, y: float, key: str, **more) -> dict:
    """Send a report about a cover, unless said otherwise."""
    return workspace.submit_report(spot(x, y, **{"item": COVER, **more}), key=f"review-{key}")[0]


def ruling(**more) -> dict:
    """A ruling's body: the water bureau owns what lies within 60 m."""
    return {"owner": "SW", "document": "确权纪要〔2026〕3号", "radius_m": 60.0, **more}
