"""Files that ship with the package: vendored browser libraries and the pages' own."""

from __future__ import annotations

from os import PathLike

from starlette.responses import Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

__all__ = ["Files"]


class Files(StaticFiles):
    """Static files that browsers keep for an hour and then ask after with their ETag."""

    def __init__(self, directory: str | PathLike[str]) -> None:
        super().__init__(directory=directory, follow_symlink=False)

    async def get_response(self, path: str, scope: Scope) -> Response:
        """Return the file, with how long it may be kept."""
        response = await super().get_response(path, scope)
        response.headers["Cache-Control"] = "public, max-age=3600"
        return response
