"""Zip archives: what is in them, unpacked under plain names into a temporary folder.

Unpacking first is faster for a GeoPackage than reading it through the zip, and avoids
member names in GBK that some readers cannot open.
"""

from __future__ import annotations

import errno
import shutil
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath

from gridmap.errors import StoreFull, UnreadableFile

__all__ = ["copy_file", "unpack"]

_UTF8_FLAG = 0x800
_ENCRYPTED_FLAG = 0x1


def unpack(path: Path, suffixes: Iterable[str], into: Path) -> list[tuple[str, Path]]:
    """Unpack members with one of `suffixes` and return (name in the archive, file).

    Members of one dataset (same folder and stem) get the same stem, so that the parts of
    a shapefile stay together; their case counts only where it tells two datasets apart.
    Resource forks and hidden files are passed over.

    Raises
    ------
    UnreadableFile
        When the archive is broken, encrypted or cut short, or holds ``a.shp`` and ``a.SHP``.
    StoreFull
        When there is no room to unpack it.
    """
    wanted = tuple(suffixes)
    out: dict[Path, str] = {}
    try:
        with zipfile.ZipFile(path) as archive:
            members = {
                PurePosixPath(_member_name(info)): info
                for info in archive.infolist()
                if not info.is_dir()
            }
            members = {
                name: info
                for name, info in members.items()
                if name.suffix.lower() in wanted and not _is_hidden(name)
            }
            stems = _stems(list(members))
            for name, info in members.items():
                if info.flag_bits & _ENCRYPTED_FLAG:
                    raise UnreadableFile(
                        "The archive is protected by a password.",
                        got=path.name,
                        repair="Unpack it and give the file inside.",
                    )
                target = into / (stems[name] + name.suffix.lower())
                if target in out:
                    raise UnreadableFile(
                        "Two files of the archive differ in the case of their ending alone.",
                        got=f"{out[target]}, {name}",
                        repair="Rename one, or leave it out.",
                    )
                with archive.open(info) as source, target.open("wb") as sink:
                    shutil.copyfileobj(source, sink, 1 << 20)
                out[target] = str(name)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise UnreadableFile(
            "The zip archive is broken or cut short.",
            got=f"{path.name}: {error}",
            repair="Copy or download it again.",
        ) from error
    except OSError as error:
        raise _room(error, into) from error
    return [(name, target) for target, name in out.items()]


def _stems(names: Sequence[PurePosixPath]) -> dict[PurePosixPath, str]:
    """Return under which stem each member is unpacked."""
    paths = {name: str(name.with_suffix("")) for name in names}
    parts = Counter((path.casefold(), name.suffix.lower()) for name, path in paths.items())
    several = {path for (path, _), count in parts.items() if count > 1}
    keys = {n: p if p.casefold() in several else p.casefold() for n, p in paths.items()}
    numbers = {key: number for number, key in enumerate(dict.fromkeys(keys.values()))}
    return {name: f"data{numbers[key]}" for name, key in keys.items()}


def copy_file(data: bytes, target: Path) -> None:
    """Write `data`; a full device is reported as `StoreFull`."""
    try:
        target.write_bytes(data)
    except OSError as error:
        raise _room(error, target) from error


def _member_name(info: zipfile.ZipInfo) -> str:
    """Name of a member; without the UTF-8 flag it is GBK when made in China."""
    if info.flag_bits & _UTF8_FLAG or info.filename.isascii():
        return info.filename
    raw = info.filename.encode("cp437")
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return info.filename


def _is_hidden(name: PurePosixPath) -> bool:
    return name.name.startswith(".") or "__MACOSX" in name.parts


def _room(error: OSError, where: Path) -> Exception:
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StoreFull(
            "There is no room to unpack the file.",
            got=str(where.parent),
            repair="Free some room, or set TMPDIR to a folder on another device.",
        )
    return UnreadableFile("The file cannot be read.", got=f"{error.filename}: {error.strerror}")
