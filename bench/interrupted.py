"""Every disturbance at every request of an apply: `PYTHONPATH=. python bench/interrupted.py`.

The tests have each disturbance meet some of the steps; this has all of them meet all. A row per disturbance: how many requests it
met, or the first that was not survived.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.clmkit.release.interruptions import DISTURBANCES, Small, small_release


def meet(small: Small, name: str) -> str:
    """What became of the release when the disturbance met each of its requests."""
    for at, step in enumerate(small.steps):
        small.begin()
        try:
            DISTURBANCES[name](small, at)
            small.require_released()
        except AssertionError as error:
            return f"request {at} ({step}): {error}"
    return f"{len(small.steps)} of {len(small.steps)} requests: released"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="disturbances; all when none is named")
    names = parser.parse_args().names or list(DISTURBANCES)
    with tempfile.TemporaryDirectory() as folder, small_release(Path(folder)) as small:
        for name in names:
            print(f"{name}: {meet(small, name)}", flush=True)


if __name__ == "__main__":
    main()
