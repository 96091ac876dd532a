"""A private PostgreSQL with PostGIS for one run of the tests.

`initdb` refuses to run as root, so as root the server runs as the user ``postgres``. It
listens on a socket in a folder of its own, never on the network. A small watchdog holds one
end of a pipe whose other end is ours: when we end, however we end, the pipe closes and the
watchdog stops the server and removes its files.
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg2
from psycopg2 import sql

_SUPERUSER = "postgres"
_WATCH = """
cat > /dev/null
"$1/pg_ctl" --pgdata="$2/data" --mode=immediate --wait stop > /dev/null 2>&1
rm -rf "$2"
"""


class NoPostgres(Exception):
    """This machine has no PostgreSQL with PostGIS."""


def find_binaries() -> Path:
    """Return the folder that holds the newest server's `initdb`."""
    found = sorted(
        Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda p: float(p.parts[4])
    )
    on_path = shutil.which("initdb")
    if on_path:
        found.append(Path(on_path))
    if not found:
        raise NoPostgres("PostgreSQL is not installed (apt-get install postgresql-15-postgis-3)")
    return found[-1].parent


@dataclass
class Server:
    """A running server; `stop` it."""

    folder: Path
    binaries: Path
    watchdog: subprocess.Popen[bytes]
    made: int = 0

    @classmethod
    def start(cls, buffers_mb: int = 64) -> Server:
        binaries = find_binaries()
        as_user = _server_user()
        # Short: the path of a socket may have 107 bytes at most.
        folder = Path(tempfile.mkdtemp(prefix="gm-pg-", dir="/tmp"))
        if as_user:
            shutil.chown(folder, as_user["user"], as_user["group"])
        watchdog = subprocess.Popen(
            ["sh", "-c", _WATCH, "watchdog", binaries, folder],
            stdin=subprocess.PIPE,
            start_new_session=True,
            cwd="/",
            **as_user,
        )
        server = cls(folder, binaries, watchdog)
        try:
            server._run(
                "initdb", "--pgdata", folder / "data", "--username", _SUPERUSER, "--auth", "trust",
                "--encoding", "UTF8", "--locale", "C", "--no-sync",
            )  # fmt: skip
            server._run(
                "pg_ctl", "--pgdata", folder / "data", "--log", folder / "log", "--wait", "start",
                "--options",
                f"-c listen_addresses='' -c unix_socket_directories={folder} "
                # Without fsync: no test cuts the power, and with it making and dropping
                # some hundred files a test costs two seconds each time.
                f"-c shared_buffers={buffers_mb}MB -c max_connections=200 -c fsync=off "
                "-c full_page_writes=off -c synchronous_commit=off -c max_wal_size=1GB "
                # Nobody copies this server's log, so less is written to it; and compiling
                # a query takes longer than any query of a test.
                "-c wal_level=minimal -c max_wal_senders=0 -c checkpoint_timeout=1h -c jit=off",
            )  # fmt: skip
        except BaseException:
            server.stop()
            raise
        return server

    def stop(self) -> None:
        """Stop the server and remove its files."""
        if self.watchdog.stdin is not None:
            self.watchdog.stdin.close()
        self.watchdog.wait(timeout=60)

    def dsn(self, database: str, user: str = _SUPERUSER) -> str:
        """Return the libpq connection string of one database."""
        return f"host={self.folder} dbname={database} user={user}"

    def url(self, database: str, user: str = _SUPERUSER) -> str:
        """Return the SQLAlchemy URL of one database."""
        return f"postgresql+psycopg2://{user}@/{database}?host={self.folder}"

    def create_database(self, *, template: str = "template1", name: str | None = None) -> str:
        """Make a database as a copy of `template`; return its name."""
        self.made += 1
        name = name or f"t{self.made}"
        self.execute(
            # Copied as files: the other way writes every page to the log as well.
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )
        return name

    def drop_database(self, name: str) -> None:
        """Remove a database, whoever is still connected to it."""
        self.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def execute(self, statement: sql.Composable | str, *, database: str = "postgres") -> None:
        """Run one statement outside a transaction."""
        connection = psycopg2.connect(self.dsn(database))
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
        finally:
            connection.close()

    def _run(self, program: str, *args: object) -> None:
        # The output goes to a file: the server inherits it, and would hold a pipe open.
        with tempfile.TemporaryFile() as log:
            done = subprocess.run(
                [self.binaries / program, *map(str, args)],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                check=False,
                **_server_user(),
            )
            log.seek(0)
            said = log.read().decode(errors="replace")
        if done.returncode:
            with suppress(OSError):
                said += (self.folder / "log").read_text(errors="replace")
            raise RuntimeError(f"{program} failed:\n{said}")


def _server_user() -> dict[str, object]:
    if os.geteuid() != 0:
        return {}
    try:
        entry = pwd.getpwnam("postgres")
    except KeyError:
        raise NoPostgres("There is no user 'postgres' to run the server as") from None
    return {"user": entry.pw_name, "group": entry.pw_gid, "extra_groups": []}
