"""The first step of every command that works from a spec: read it, or end with its findings."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from clmkit.mapping.kept import load_kept
from clmkit.mapping.model import Spec
from clmkit.mapping.report import FORMATS


@contextmanager
def paused_collector() -> Iterator[None]:
    """No search for reference cycles: in a tree that only grows it frees nothing and takes three quarters of the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def require_spec(path: Path) -> Spec:
    """The resolved spec; with an error in it, the findings on standard error and exit code 2."""
    with paused_collector():
        loaded = load_kept(path)
    if loaded.spec is None:
        click.echo(FORMATS["human"](loaded.errors), err=True)
        raise SystemExit(2)
    return loaded.spec
