"""The first sheet of a workbook (.xlsx) as text, row by row, as a CSV file would have it."""

from __future__ import annotations

from pathlib import Path

from pyogrio import list_layers, raw
from pyogrio.errors import DataLayerError, DataSourceError

from gridmap.errors import UnreadableFile

__all__ = ["read_workbook"]

# The first row is the header whatever it looks like, and a telephone number is no number.
_AS_TEXT = {"HEADERS": "FORCE", "FIELD_TYPES": "STRING"}


def read_workbook(path: Path) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Return the header and the rows of a workbook's first sheet.

    Row numbers are those the spreadsheet shows; blank rows are left out, dates are written as
    ``2026/03/01``.

    Raises
    ------
    UnreadableFile
        When the file cannot be read.
    """
    try:
        first = str(list_layers(path)[0][0])
        meta, _, _, columns = raw.read(path, layer=first, read_geometry=False, **_AS_TEXT)
    except (DataSourceError, DataLayerError, OSError, IndexError) as error:
        raise UnreadableFile(
            "The workbook cannot be read.", got=path.name, repair="Save it as .xlsx again."
        ) from error
    rows = [
        ["" if cell is None else str(cell).strip() for cell in row]
        for row in zip(*columns, strict=True)
    ]
    header = [str(name).strip() for name in meta["fields"]]
    return header, [(n, row) for n, row in enumerate(rows, start=2) if any(row)]
