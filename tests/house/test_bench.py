"""No bench is noticed to be broken only when somebody measures again."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parents[2] / "bench"
NAMES = sorted(path.stem for path in BENCH.glob("*.py"))


def test_every_bench_finds_what_it_imports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(BENCH)  # some are started without the project's folder on the path
    broken = {name: error for name in NAMES if (error := error_of(f"bench.{name}"))}
    assert broken == {}
    assert len(NAMES) > 20


def error_of(module: str) -> str:
    try:
        importlib.import_module(module)
    except ImportError as error:
        return str(error)
    return ""
