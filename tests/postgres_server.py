"""A PostgreSQL server of the tests' own: in a temporary folder, on a free port of this machine."""

from __future__ import annotations

import getpass
import itertools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import psycopg
from psycopg.sql import SQL, Identifier

USER, PASSWORD = "postgres", "a pass'word, \\ and more"

_PLACES = ("/usr/lib/postgresql/*/bin", "/usr/local/pgsql/bin", "/opt/homebrew/opt/postgresql*/bin")
# What makes a server safe against power cuts makes it slow, and this one lives in a temporary folder.
_HURRIED = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=60", "shared_buffers=128MB")
_START_TIMEOUT_S = 60.0


@dataclass
class PostgresServer:
    """A server that listens on 127.0.0.1 and asks for a password."""

    port: int
    process: subprocess.Popen[bytes]
    _numbers: Iterator[int] = field(default_factory=itertools.count)

    def properties(self, database: str = "postgres", **others: str) -> dict[str, str]:
        """The values that a source's form takes."""
        own = {"host": "127.0.0.1", "port": str(self.port), "user": USER, "password": PASSWORD, "ssl": "false"}
        return {**own, "dbname": database, **others}

    def connect(self, database: str = "postgres") -> psycopg.Connection[Any]:
        """Connect as the owner of everything, every statement for itself."""
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user=USER, password=PASSWORD, dbname=database, autocommit=True
        )

    @contextmanager
    def database(self) -> Iterator[Database]:
        """Make a database, and drop it at the end, whoever is still connected."""
        name = f"shop{next(self._numbers)}"
        with self.connect() as owner:
            owner.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
            try:
                with self.connect(name) as connection:
                    yield Database(self, name, connection)
            finally:
                owner.execute(SQL("DROP DATABASE {} WITH (FORCE)").format(Identifier(name)))


@dataclass
class Database:
    """An empty database of one test."""

    server: PostgresServer
    name: str
    connection: psycopg.Connection[Any]

    def run(self, script: str) -> None:
        """Carry out statements of SQL."""
        self.connection.execute(script.encode())

    def properties(self, **others: str) -> dict[str, str]:
        """The values that a source's form takes."""
        return {**self.server.properties(self.name), **others}


def programs() -> Path | None:
    """Find the folder with ``initdb`` and ``postgres``, of the newest version; None where there is none."""
    found = [path for place in _PLACES for path in Path("/").glob(place.lstrip("/")) if (path / "initdb").exists()]
    if found:
        return max(found, key=lambda path: [int(part) for part in path.parts if part.isdigit()])
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


@contextmanager
def running_server(unavailable: Callable[[str], NoReturn]) -> Iterator[PostgresServer]:
    """Start a server, and end it.

    Parameters
    ----------
    unavailable
        Called with the reason where the machine has no PostgreSQL.
    """
    folder_of_programs = programs()
    if folder_of_programs is None:
        install = "brew install postgresql@15" if sys.platform == "darwin" else "apt-get install postgresql"
        unavailable(f"Tests of real replication need PostgreSQL. To install it: {install}")
    folder = Path(tempfile.mkdtemp(prefix="stitchnb-postgres-"))
    try:
        user = _user()
        os.chown(folder, user.pw_uid, user.pw_gid)
        (folder / "password").write_text(PASSWORD)
        (folder / "password").chmod(0o644)
        initdb = ["-D", "data", "-U", USER, "--auth=scram-sha-256", "--pwfile=password", "--no-sync", "-E", "UTF8"]
        _run_as(user, folder, [folder_of_programs / "initdb", *initdb, "--locale=C"])
        with _started(user, folder, folder_of_programs / "postgres") as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _started(user: pwd.struct_passwd, folder: Path, program: Path) -> Iterator[PostgresServer]:
    port = _free_port()
    settings = (f"port={port}", "listen_addresses=127.0.0.1", "unix_socket_directories=", *_HURRIED)
    options = [part for setting in settings for part in ("-c", setting)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [program, "-D", "data", *options], cwd=folder, stdout=log, stderr=log, **_identity(user)
        )
    server = PostgresServer(port, process)
    try:
        _wait_for(server, folder / "log")
        yield server
    finally:
        # Breaks off what is still connected.
        process.send_signal(signal.SIGINT)
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait_for(server: PostgresServer, log: Path) -> None:
    until = time.monotonic() + _START_TIMEOUT_S
    while True:
        try:
            server.connect().close()
            return
        except psycopg.OperationalError as error:
            if server.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"PostgreSQL did not start: {log.read_text('utf-8', 'replace')}") from error
        time.sleep(0.05)


def _user() -> pwd.struct_passwd:
    """The user to run as: PostgreSQL refuses to be root."""
    if os.geteuid() != 0:
        return pwd.getpwnam(getpass.getuser())
    names = {entry.pw_name: entry for entry in pwd.getpwall()}
    return names.get("postgres") or names["nobody"]


def _identity(user: pwd.struct_passwd) -> dict[str, Any]:
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "America/New_York"}
    if os.geteuid() != 0:
        return {"env": environment}
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": [], "env": environment}


def _run_as(user: pwd.struct_passwd, folder: Path, command: list[Any]) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, **_identity(user))
    if done.returncode:
        raise RuntimeError(f"{command[0]} failed: {done.stderr}")


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
