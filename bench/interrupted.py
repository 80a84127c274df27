"""Every disturbance at every request of an apply and of its rollback: `PYTHONPATH=. python bench/interrupted.py`.

The tests have each disturbance meet some of the steps; this has all of them meet all. A row per disturbance: how many requests it
met, or the first that was not survived.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from tests.clmkit.release.interruptions import APPLY, DISTURBANCES, TAKE_BACK, Act, Small, small_release


def meet(small: Small, act: Act, name: str) -> str:
    """What became of the act when the disturbance met each of its requests."""
    steps = small.steps[act]
    for at, step in enumerate(steps):
        small.begin(act)
        try:
            DISTURBANCES[name](small, at)
            small.require_done()
        except AssertionError as error:
            return f"request {at} ({step}): {error}"
    return f"{len(steps)} of {len(steps)} requests: done"


ACTS = (APPLY, TAKE_BACK)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="disturbances; all when none is named")
    parser.add_argument(
        "--only", choices=[act.begins for act in ACTS], help="one of the two: the apply or its rollback"
    )
    asked = parser.parse_args()
    names = asked.names or list(DISTURBANCES)
    acts = [act for act in ACTS if asked.only in (None, act.begins)]
    with tempfile.TemporaryDirectory() as folder, small_release(Path(folder)) as small:
        for act in acts:
            for name in names:
                print(f"{act.begins}: {name}: {meet(small, act, name)}", flush=True)


if __name__ == "__main__":
    main()
