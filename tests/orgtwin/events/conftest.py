"""The stage of these tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.orgtwin.events.stage import Listening, Stage

from orgtwin.pytest_plugin import org_twin, org_twin_process

__all__ = ["org_twin", "org_twin_process"]


@pytest.fixture
def stage() -> Iterator[Stage]:
    made = Stage()
    yield made
    made.twin.house.close()


@pytest.fixture
def listening(stage: Stage) -> Listening:
    """A client that hears every change event from now on."""
    client = Listening(stage.client)
    assert client.subscribe("/data/ChangeEvents")["successful"]
    return client
