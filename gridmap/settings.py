"""Settings, read once when a program starts and passed on; never read at import.

Every name is an environment variable with the prefix ``GRIDMAP_``.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

from gridmap.times import DEFAULT_ZONE

__all__ = ["Settings"]


class Settings(BaseSettings):
    """What a site can set. See ``docs/settings.md`` for the table made from these."""

    model_config = SettingsConfigDict(env_prefix="GRIDMAP_", frozen=True, extra="ignore")

    store: str = Field(
        "gridmap.gpkg",
        description="Path of the GeoPackage, or postgresql+psycopg2://user@host/database.",
    )
    zone: str = Field(DEFAULT_ZONE, description="Time zone of the site (IANA name).")
    rules: Path | None = Field(
        None,
        description="Folder with the site's own tables: catalogue, departments, calendar ...; "
        "what it lacks comes with the package.",
    )
    map_review_no: str = Field(
        "", description="Map review number (审图号) printed on every map; a blank slot when unset."
    )
    language: str = Field("zh", description="Default language of pages: zh or en.")
    loopback_role: str = Field(
        "dispatcher",
        description="Role of requests from this machine while no keys exist; "
        "`resident` shows what the public would see.",
    )
    frozen_now: str | None = Field(
        None, description="ISO time at which the clock stands still, for demonstrations."
    )
    busy_timeout_s: float = Field(
        30.0, gt=0, description="Seconds to wait for another writer before giving up."
    )
