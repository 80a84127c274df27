from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.clmkit.sync.postgres import PostgresServer, running_postgres

from clmkit.sync import database_sqlite
from clmkit.sync.database import Target


@pytest.fixture(scope="session", autouse=True)
def _hasty_disk() -> Iterator[None]:
    """A state that a test opens itself never waits for the disk: no test takes the power away. Processes of their own wait."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database_sqlite, "DURABILITY", "OFF")
        yield


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    with running_postgres() as server:
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def target(request: pytest.FixtureRequest, tmp_path: Path) -> Target:
    """Where a new state is kept: the same test for both databases."""
    if request.param == "sqlite":
        return tmp_path / "sync.sqlite"
    server: PostgresServer = request.getfixturevalue("postgres")
    return server.new_database()
