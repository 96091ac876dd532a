"""Settings, read once when a program starts and passed on; never read at import.

Every name is an environment variable with the prefix ``GRIDMAP_``.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, SecretStr
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
    cache: Path | None = Field(
        None,
        description="Folder in which indexes of editions are saved, so that all processes share "
        "them; what is in it can be deleted at any time. Unset: `.gridmap-cache` beside a "
        "GeoPackage, `gridmap` in the user's cache folder for PostGIS.",
    )
    map_review_no: str = Field(
        "", description="Map review number (审图号) printed on every map; a blank slot when unset."
    )
    base_tiles: str = Field(
        "",
        description="Tiles under the maps: an address with `{z}`, `{x}` and `{y}`, "
        "such as that of Tianditu with a site's own key. Unset: the maps draw roads, water and "
        "parks themselves.",
    )
    base_coord_sys: str = Field(
        "cgcs2000",
        description="System of these tiles: wgs84, cgcs2000 or gcj02; on gcj02 what is drawn upon "
        "them is shifted, for display only.",
    )
    base_credit: str = Field(
        "", description="Whose tiles they are; shown with every map upon them."
    )
    base_review_no: str = Field(
        "",
        description="Map review number (审图号) of the tiles, shown beside that; a blank slot when "
        "unset.",
    )
    base_visibility: str = Field(
        "public",
        description="Who the tiles are for: public, staff or restricted. Pages for others draw "
        "roads, water and parks themselves; a file for the public is refused.",
    )
    base_max_zoom: int = Field(18, ge=1, le=22, description="The last zoom there are tiles of.")
    language: str = Field("zh", description="Default language of pages: zh or en.")
    loopback_role: str = Field(
        "dispatcher",
        description="Role of requests from this machine while there are no accounts; "
        "`resident` shows what the public would see.",
    )
    loopback_with_accounts: bool = Field(
        False,
        description="Requests from this machine that are not signed in keep that role even when "
        "there are accounts.",
    )
    public_url: str = Field(
        "",
        description="Address under which people reach the service, as "
        "`https://grid.example.org`; its host name is answered, and with https cookies are "
        "sent over TLS only.",
    )
    trusted_proxies: str = Field(
        "",
        description="Addresses of the proxies in front, with commas; the last address that they "
        "name in `X-Forwarded-For` is believed.",
    )
    session_idle_minutes: int = Field(
        120, ge=1, description="A session ends when it has not been used for so long."
    )
    session_hours: int = Field(12, ge=1, description="A session ends after so long in any case.")
    secrets: Path | None = Field(
        None,
        description="File of the site's keys, mode 0600. Unset: `STORE.secrets` beside a "
        "GeoPackage, `gridmap/DATABASE.secrets` in the user's configuration folder for PostGIS.",
    )
    session_keys: SecretStr | None = Field(
        None,
        description="Keys that sign sessions, `ID:BASE64` with commas, the newest first; wins "
        "over the file.",
    )
    personal_keys: SecretStr | None = Field(
        None, description="Keys that seal personal fields, in the same way."
    )
    outgoing_keys: SecretStr | None = Field(
        None, description="Keys that webhooks are signed by, in the same way."
    )
    outgoing_private: bool = Field(
        False,
        description="Also send to addresses of private networks and of this machine: webhooks "
        "then reach whatever this machine reaches.",
    )
    outgoing_timeout_s: float = Field(
        10.0, gt=0, le=60, description="Seconds that a receiver of a webhook has to answer."
    )
    notice_webhook: str = Field(
        "",
        description="Address to which every notice to people is sent as well: a gateway for text "
        "messages or a government messenger. Unset: notices stay in the inbox.",
    )
    retention_days: int | None = Field(
        None,
        ge=1,
        description="Days after a report is closed for which it says who sent it; "
        "`gridmap anonymise` takes it away then.",
    )
    photo_mb: int = Field(
        16, ge=1, le=30, description="Megabytes that a photo that is sent in may have."
    )
    photo_megapixels: int = Field(
        50,
        ge=1,
        le=150,
        description="Millions of pixels that it may have; at most 2,560 a side are kept, of places "
        "1,280.",
    )
    walking_speed_kmh: float = Field(
        4.5, ge=1, le=10, description="How fast people walk: minutes on foot count by it."
    )
    walking_detour: float = Field(
        1.3,
        ge=1,
        le=3,
        description="What a straight line is multiplied by where no way along streets is known.",
    )
    walking_near_m: float = Field(
        250.0,
        ge=10,
        le=2000,
        description="A place farther than this from every street is not on the street network.",
    )
    frozen_now: str | None = Field(
        None, description="ISO time at which the clock stands still, for demonstrations."
    )
    busy_timeout_s: float = Field(
        30.0, gt=0, description="Seconds to wait for another writer before giving up."
    )
