"""Kill the sync at the n-th point: before and after every write to either system and every commit of its own state."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.clmkit.sync.fake_org import Killed
from tests.clmkit.sync.world import World

from clmkit.sync.state import State


@dataclass
class Fuse:
    """Burns one step per point; `at` None never kills and counts the points."""

    at: int | None = None
    burnt: int = 0

    def burn(self, *_: Any) -> None:
        self.burnt += 1
        if self.burnt - 1 == self.at:
            raise Killed


@contextmanager
def fused(world: World, fuse: Fuse) -> Iterator[None]:
    """The world with a fuse in it; a kill ends the block, and the next process opens the state that the dead one left."""
    original = State.transaction

    @contextmanager
    def transaction(state: State) -> Iterator[None]:
        with original(state):
            yield
            fuse.burn()
        fuse.burn()

    world.org.before_commit = world.org.after_commit = fuse.burn
    world.clm.before_commit = world.clm.after_commit = fuse.burn
    State.transaction = transaction  # type: ignore[method-assign,assignment]
    try:
        yield
    except Killed:
        world.restart()
    finally:
        State.transaction = original  # type: ignore[method-assign]
        world.org.before_commit = world.org.after_commit = lambda sobject, records: None
        world.clm.before_commit = world.clm.after_commit = lambda: None
