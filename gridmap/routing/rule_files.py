"""A site's tables from files: CSV, YAML and GeoPackage, in a folder or one by one.

In a folder every table is a file of its own (``catalogue.csv``, ``site_rules.yaml``), a key of
``rules.yaml``, or a layer without geometry of a GeoPackage. A folder in it is a further
catalogue of that name, with tables of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import yaml

from gridmap.coverage.codes import clean_code
from gridmap.errors import BadValue, UnreadableFile, WrongEncoding
from gridmap.tables import Table

__all__ = [
    "OF_CATALOGUE",
    "TABLES",
    "is_rule_file",
    "passed_over",
    "read_rule_files",
    "yaml_table",
]

# What a further catalogue has of its own; everything else it shares with the site.
OF_CATALOGUE = ("catalogue", "classes", "emergency_lines", "site_rules", "asset_types", "terms")
TABLES = (
    *OF_CATALOGUE, "catalogues", "departments", "road_classes", "calendar", "limit_tables",
    "office_hours",
)  # fmt: skip

_YAML = {".yaml", ".yml"}
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,31}\Z")
_KEYS = ("line", "key")


def is_rule_file(path: Path) -> bool:
    """True for a file that may hold tables, by its name."""
    return path.suffix.lower() in {".csv", ".gpkg", *_YAML}


def read_rule_files(source: Path) -> dict[str, Table]:
    """Return the tables of a folder or file by name; those of a further catalogue as NAME/TABLE.

    Raises
    ------
    UnreadableFile, WrongEncoding
        When a file is not what its name says.
    BadValue
        When a table is there twice, or a file holds something that is no table.
    """
    if not source.exists():
        raise UnreadableFile("The tables are not there.", got=str(source))
    if source.is_file():
        return _collected(_of_file(source, whole=True))
    found = _collected(pair for path in _files(source) for pair in _of_file(path))
    for folder in sorted(path for path in source.iterdir() if path.is_dir()):
        own = _collected(pair for path in _files(folder) for pair in _of_file(path))
        if not own:
            continue
        if not _NAME.match(folder.name):
            raise BadValue(
                "This cannot be the name of a catalogue.",
                got=folder.name,
                allowed="small letters, digits, _ and -, up to 32",
                repair="Rename the folder.",
            )
        for name, table in own.items():
            if name not in OF_CATALOGUE:
                raise BadValue(
                    f"The catalogue '{folder.name}' has a table that is the site's.",
                    got=table.name,
                    allowed=OF_CATALOGUE,
                    repair="Move it to the folder above.",
                )
            found[f"{folder.name}/{name}"] = table
    return found


def passed_over(source: Path) -> list[str]:
    """Return the files of a folder, and of those in it, that are no tables by their names."""
    if source.is_file():
        return []
    folders = [source, *sorted(path for path in source.iterdir() if path.is_dir())]
    found = (path.relative_to(source) for folder in folders for path in _files(folder))
    return [
        path.as_posix()
        for path in found
        if not _is_read(path) and not any(part.startswith(".") for part in path.parts)
    ]


def _is_read(path: Path) -> bool:
    """True for a file in a folder whose name says that it holds tables."""
    kind = path.suffix.lower()
    if kind in _YAML:
        return path.stem in {*TABLES, "rules"}
    return kind == ".gpkg" or (kind == ".csv" and path.stem in TABLES)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file())


def _collected(pairs: Iterator[tuple[str, Table]]) -> dict[str, Table]:
    found: dict[str, Table] = {}
    for name, table in pairs:
        if name in found:
            raise BadValue(
                f"The table '{name}' is there twice.",
                got=f"{found[name].name}, {table.name}",
                repair="Keep one of them.",
            )
        found[name] = table
    return found


def _of_file(path: Path, *, whole: bool = False) -> Iterator[tuple[str, Table]]:
    """Yield the tables of a file; one that has no name of a table is passed over unless `whole`."""
    kind = path.suffix.lower()
    if kind in _YAML and (whole or _is_read(path)):
        yield from _of_yaml(path)
    elif _is_read(path) and kind == ".csv":
        yield path.stem, Table.read(path)
    elif _is_read(path):
        yield from _of_geopackage(path)
    elif whole:
        raise BadValue(
            "This file is no table of rules.",
            got=path.name,
            allowed=[f"{name}.csv" for name in TABLES] + ["*.yaml", "*.gpkg"],
        )


# -- YAML -------------------------------------------------------------------------------------


def _of_yaml(path: Path) -> Iterator[tuple[str, Table]]:
    root = _composed(path)
    if root is None:
        return
    if path.stem in TABLES:
        yield path.stem, _sequence(path.name, root)
        return
    if not isinstance(root, yaml.MappingNode):
        _refuse(path.name, root, "holds no tables by name", allowed=TABLES)
    for key, value in root.value:
        if key.value not in TABLES:
            _refuse(path.name, key, f"key '{key.value}' names no table", allowed=TABLES)
        yield key.value, _sequence(f"{path.name}:{key.value}", value)


def yaml_table(path: Path) -> Table:
    """Return the one table of a YAML file, a list of mappings; faults name line and key.

    Raises
    ------
    UnreadableFile, WrongEncoding, BadValue
    """
    root = _composed(path)
    return Table(path.name, (), ()) if root is None else _sequence(path.name, root)


def _composed(path: Path) -> yaml.Node | None:
    try:
        return yaml.compose(path.read_text(encoding="utf-8-sig"), Loader=yaml.SafeLoader)
    except UnicodeDecodeError as error:
        raise WrongEncoding(f"{path.name} is not UTF-8.", repair="Save it as UTF-8.") from error
    except OSError as error:
        raise UnreadableFile(
            f"The table {path.name} cannot be read.", got=error.strerror or str(error)
        ) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise UnreadableFile(
            f"{path.name} is not YAML.", got=f"{error.problem or error.context}{where}"
        ) from error


def _sequence(name: str, node: yaml.Node) -> Table:
    """Return a list of mappings as a table."""
    if not isinstance(node, yaml.SequenceNode):
        _refuse(name, node, "is no list of rows")
    rows = [(row.start_mark.line + 1, _mapping(name, row)) for row in node.value]
    header = tuple(dict.fromkeys(key for _, row in rows for key in row))
    lines = tuple((n, tuple(row.get(key, "") for key in header)) for n, row in rows)
    return Table(name, header, lines, _KEYS)


def _mapping(name: str, node: yaml.Node) -> dict[str, str]:
    if not isinstance(node, yaml.MappingNode):
        _refuse(name, node, "is no row of keys and values")
    found: dict[str, str] = {}
    for key, value in node.value:
        if key.value in found:
            _refuse(name, key, f"key '{key.value}' stands twice")
        found[key.value] = _value(name, key.value, value)
    return found


def _value(name: str, key: str, node: yaml.Node) -> str:
    # As written: YAML itself would take the code 0101 for the number 65.
    if isinstance(node, yaml.ScalarNode):
        return "" if node.tag == "tag:yaml.org,2002:null" else str(node.value).strip()
    if isinstance(node, yaml.SequenceNode):
        return " ".join(_value(name, key, one) for one in node.value)
    return _refuse(name, node, f"key '{key}' holds keys of its own")


def _refuse(name: str, node: yaml.Node, what: str, *, allowed: Any = None) -> NoReturn:
    raise BadValue(f"{name}, line {node.start_mark.line + 1}, {what}.", allowed=allowed)


# -- GeoPackage ---------------------------------------------------------------------------------


def _of_geopackage(path: Path) -> Iterator[tuple[str, Table]]:
    import pyogrio
    from pyogrio.errors import DataLayerError, DataSourceError

    try:
        layers = [str(name) for name, _ in pyogrio.list_layers(path)]
        for layer in layers:
            if layer in TABLES:
                meta, _, _, columns = pyogrio.raw.read(path, layer=layer, read_geometry=False)
                yield layer, _attributes(f"{path.name}:{layer}", meta, columns)
    except (DataSourceError, DataLayerError) as error:
        raise UnreadableFile(f"{path.name} is no GeoPackage.", got=str(error)) from error


def _attributes(name: str, meta: Any, columns: Any) -> Table:
    header = tuple(str(field) for field in meta["fields"])
    rows = zip(*(column.tolist() for column in columns), strict=True) if header else ()
    lines = [(n, tuple(map(_cell, row))) for n, row in enumerate(rows, start=1)]
    return Table(name, header, tuple(line for line in lines if any(line[1])))


def _cell(value: Any) -> str:
    # NaN differs from itself: an empty cell in a column of numbers.
    if value is None or value != value:  # noqa: PLR0124
        return ""
    return clean_code(value) if isinstance(value, float) else str(value).strip()
