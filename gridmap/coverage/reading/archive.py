"""Zip archives: what is in them, unpacked under plain names into a temporary folder.

Unpacking first is faster for a GeoPackage than reading it through the zip, and avoids
member names in GBK that some readers cannot open.
"""

from __future__ import annotations

import errno
import shutil
import zipfile
import zlib
from collections.abc import Iterable
from pathlib import Path, PurePosixPath

from gridmap.errors import StoreFull, UnreadableFile

__all__ = ["copy_file", "unpack"]

_UTF8_FLAG = 0x800
_ENCRYPTED_FLAG = 0x1


def unpack(path: Path, suffixes: Iterable[str], into: Path) -> list[tuple[str, Path]]:
    """Unpack members with one of `suffixes` and return (name in the archive, file).

    Members of one dataset (same folder and stem) get the same stem, so that the parts of
    a shapefile stay together. Resource forks and hidden files are passed over.

    Raises
    ------
    UnreadableFile
        When the archive is broken, encrypted or cut short.
    StoreFull
        When there is no room to unpack it.
    """
    wanted = tuple(suffixes)
    stems: dict[str, str] = {}
    out = []
    try:
        with zipfile.ZipFile(path) as archive:
            for info in archive.infolist():
                name = PurePosixPath(_member_name(info))
                if info.is_dir() or name.suffix.lower() not in wanted or _is_hidden(name):
                    continue
                if info.flag_bits & _ENCRYPTED_FLAG:
                    raise UnreadableFile(
                        "The archive is protected by a password.",
                        got=path.name,
                        repair="Unpack it and give the file inside.",
                    )
                stem = stems.setdefault(str(name.with_suffix("")).casefold(), f"data{len(stems)}")
                target = into / (stem + name.suffix.lower())
                with archive.open(info) as source, target.open("wb") as sink:
                    shutil.copyfileobj(source, sink, 1 << 20)
                out.append((str(name), target))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
        raise UnreadableFile(
            "The zip archive is broken or cut short.",
            got=f"{path.name}: {error}",
            repair="Copy or download it again.",
        ) from error
    except OSError as error:
        raise _room(error, into) from error
    return out


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
