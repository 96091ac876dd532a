"""A site's own tiles under the pages' maps: who is shown them, and what such a page may load."""

from __future__ import annotations

from fastapi import Request

from api.middleware import page_policy
from gridmap.access import Actor, may_see
from gridmap.maps.basemap import BaseMap

__all__ = ["base_for", "policy_for"]


def base_for(request: Request, actor: Actor) -> BaseMap | None:
    """Return the site's tiles if there are some and this reader may see them."""
    base: BaseMap | None = request.app.state.base_map
    return base if base is not None and may_see(actor, base.visibility) else None


def policy_for(base: BaseMap | None) -> dict[str, str]:
    """Return the header that lets a page load those tiles; nothing where that is so anyway."""
    if base is None or not base.origin:
        return {}
    return {"Content-Security-Policy": page_policy(base.origin)}
