"""Is this place fit for a store? Asked before SQLite touches it.

The file itself is never opened here: closing it would drop the locks that other connections
of this process hold on it (see :mod:`gridmap.store.engine`).
"""

from __future__ import annotations

from pathlib import Path

from gridmap.errors import StoreUnusable

__all__ = ["check_place", "file_system_of", "is_new"]

_MOUNTS = Path("/proc/self/mounts")

# SQLite's locks and its shared memory do not work across machines: two writers on a share
# damage the file, and do so silently.
_NETWORK = frozenset({
    "9pfs", "afs", "ceph", "cifs", "davfs", "fuse.ceph", "fuse.davfs2", "fuse.glusterfs",
    "fuse.rclone", "fuse.s3fs", "fuse.smbnetfs", "fuse.sshfs", "gpfs", "lustre", "ncpfs", "nfs",
    "nfs4", "smb2", "smb3", "smbfs",
})  # fmt: skip


def check_place(path: Path, *, create: bool, mounts: Path = _MOUNTS) -> None:
    """Raise `StoreUnusable` when no store can be at `path`.

    Refused are a folder, a missing folder around it, a network drive, and, unless `create`,
    a file that is missing or empty.
    """
    kind = file_system_of(path, mounts=mounts)
    if kind in _NETWORK or str(path).startswith(("\\\\", "//")):
        raise StoreUnusable(
            "A GeoPackage store cannot be on a network drive: its locks do not hold there.",
            got=f"{path} on {kind or 'a network share'}",
            allowed="a local disk",
            repair="Move the file to a local disk, or use PostGIS for many machines.",
        )
    if path.is_dir():
        raise StoreUnusable("This is a folder, not a store.", got=path, repair="Name a file in it.")
    if not path.parent.is_dir():
        raise StoreUnusable("The folder of the store does not exist.", got=path.parent)
    if is_new(path) and not create:
        raise StoreUnusable(
            "There is no store here.",
            got=path,
            repair="Give the path of a store with --store or GRIDMAP_STORE, or make one "
            "with `gridmap import` or `gridmap demo`.",
        )


def is_new(path: Path) -> bool:
    """True when nothing is there, or an empty file."""
    return not path.exists() or path.stat().st_size == 0


def file_system_of(path: Path, *, mounts: Path = _MOUNTS) -> str | None:
    """Return the type of the file system that holds `path`; None where that is not known."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        # Only Linux lists its mounts like this; elsewhere the question stays open.
        return None
    place = path.resolve()
    best: tuple[int, str] | None = None
    for line in lines:
        fields = line.split(" ")
        if len(fields) < 3:
            continue
        mount = Path(fields[1].replace(r"\040", " ").replace(r"\011", "\t"))
        depth = len(mount.parts)
        # Of two mounts on one place the later covers the earlier.
        if place.is_relative_to(mount) and (best is None or depth >= best[0]):
            best = depth, fields[2]
    return best[1] if best else None
