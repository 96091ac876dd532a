"""What a folder of sheets holds: the fingerprint of each, and the page that lists them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
from jinja2 import Environment, StrictUndefined

from gridmap.bulk.safe_output import PendingFile, disk_errors
from gridmap.errors import NotFound, UnreadableFile
from gridmap.i18n import translate
from gridmap.sheets.model import Request

__all__ = ["INDEX", "MANIFEST", "Entry", "file_name", "index_page", "is_there", "read", "save",
           "write"]  # fmt: skip

MANIFEST = "sheets.json"
INDEX = "index.html"
_FORMAT = 1


@dataclass
class Entry:
    """A sheet as it was made: what was asked for, and what it said, part by part."""

    kind: str
    level: str
    code: str
    paper: str
    lang: str
    name: str
    where: str
    pdf: bool
    as_of: str
    edition: str
    parts: dict[str, str] = field(default_factory=dict)

    @property
    def request(self) -> Request:
        """Which sheet it is."""
        return Request(self.kind, self.level, self.code, self.paper, self.lang)


def file_name(request: Request) -> str:
    """Return what a sheet's files are called, without their ending."""
    code = quote(request.code, safe="~")
    lang = "" if request.lang == "zh" else f"-{request.lang}"
    return f"{request.kind}-{request.level}-{code}-{request.paper}{lang}"


def is_there(folder: Path, file: str, entry: Entry) -> bool:
    """Tell whether the files of a sheet are in the folder."""
    endings = (".html", ".pdf") if entry.pdf else (".html",)
    return all((folder / f"{file}{ending}").is_file() for ending in endings)


def read(folder: Path) -> dict[str, Entry]:
    """Return the sheets of a folder by file, without ending.

    Raises
    ------
    NotFound
        When the folder holds no manifest.
    UnreadableFile
        When it cannot be read.
    """
    path = folder / MANIFEST
    try:
        held = orjson.loads(path.read_bytes())
        if held["format"] != _FORMAT:
            raise ValueError(f"format {held['format']}")
        return {file: Entry(**entry) for file, entry in held["sheets"].items()}
    except FileNotFoundError:
        raise NotFound(
            "There are no sheets in this folder.",
            got=folder,
            repair="Make them with `gridmap sheets make --out FOLDER`.",
        ) from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UnreadableFile(
            "The list of sheets in this folder cannot be read.",
            got=f"{path}: {error}",
            repair="Remove it and make the sheets anew.",
        ) from error


def save(folder: Path, entries: dict[str, Entry]) -> None:
    """Write the manifest."""
    content = {"format": _FORMAT, "sheets": {k: asdict(v) for k, v in sorted(entries.items())}}
    write(folder / MANIFEST, orjson.dumps(content, option=orjson.OPT_INDENT_2))


def write(path: Path, content: bytes) -> None:
    """Write a file that appears under its name complete or not at all."""
    with PendingFile(path) as pending, disk_errors(path):
        pending.path.write_bytes(content)
        pending.commit()


def index_page(entries: dict[str, Entry], *, demo: bool) -> str:
    """Return the page that lists the sheets of the folder, by where they are."""
    lang = _usual(entry.lang for entry in entries.values())
    groups: dict[str, list[dict[str, Any]]] = {}
    for file, entry in sorted(entries.items(), key=lambda item: (item[1].where, item[0])):
        row = {"href": quote(file), "entry": entry}
        row["kind"] = translate(f"sheet.title.{entry.kind}", lang)
        groups.setdefault(entry.where, []).append(row)
    environment = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    text = (files("gridmap.sheets") / "templates" / "index.html.j2").read_text("utf-8")
    return environment.from_string(text).render(
        lang=lang,
        title=translate("sheet.index.title", lang),
        count=translate("sheet.index.count", lang, n=len(entries)),
        demo=translate("map.demo", lang) if demo else "",
        groups=groups,
    )


def _usual(values: Iterable[str]) -> str:
    return Counter(values).most_common(1)[0][0] if (values := list(values)) else "zh"
