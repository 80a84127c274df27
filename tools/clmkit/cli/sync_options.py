"""What the commands that work on the sync's configuration and state have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TypeVar

import click

from clmkit.cli.output import NO_ROOM, warn
from clmkit.clients.errors import WireError
from clmkit.sync.config import ConfigError, SyncConfig, load_config, load_state_target
from clmkit.sync.database import StateError
from clmkit.sync.engine import SpecError
from clmkit.sync.load import LoadError
from clmkit.sync.sole import alone, name_worker, sole_sync
from clmkit.sync.state import State

T = TypeVar("T")

CONFIG = click.option(
    "--config",
    "config_path",
    default="sync.yml",
    show_default=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="Addresses and references to secrets.",
)


def guarded(action: Callable[[], T]) -> T:
    """Run; what the surroundings did wrong becomes a message and exit code 2."""
    with _told():
        return action()


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise  # whoever reads the output has had enough
    except (ConfigError, LoadError, SpecError, StateError, WireError, OSError) as error:
        if isinstance(error, OSError) and error.errno in NO_ROOM and not error.filename:
            raise  # the output's disk is full, which `clmkit` says of every command
        words = f"{error.filename}: {error.strerror}" if isinstance(error, OSError) and error.filename else str(error)
        warn(words)
        raise SystemExit(2) from error


def read_config(config_path: Path) -> SyncConfig:
    return guarded(lambda: load_config(config_path))


@contextmanager
def opened_state(config_path: Path, alone_for: str = "") -> Iterator[State]:
    """The state that a configuration names, for the time of the block; no sync works with it during work of that name."""
    with _told(), ExitStack() as stack:
        target, worker = load_state_target(config_path), name_worker(alone_for)
        if alone_for:
            stack.enter_context(sole_sync(target, worker))
        state = State(target)
        stack.callback(state.close)
        if alone_for:
            stack.enter_context(alone(state, worker))
        yield state
