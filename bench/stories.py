"""Every story of some steps, for every mapping: who edits what, when the sync runs; printed is what ends wrong, in sentences.

python bench/stories.py [--steps 3]

Stories that come to the same state are told further once (`tests.clmkit.sync.exploration` says what is the same).
"""

from __future__ import annotations

import argparse
import sys
import time

from tests.clmkit.sync.exploration import explore
from tests.clmkit.sync.stories import MAPPINGS


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=3)
    steps = parser.parse_args().steps
    wrong = 0
    for mapping in MAPPINGS:
        began = time.process_time()
        walk = explore(mapping, steps)
        wrong += len(walk.wrong)
        seconds = time.process_time() - began
        print(
            f"{mapping:15} {walk.stories:6} stories {walk.states:6} states {seconds:7.1f} s {len(walk.wrong)} wrong",
            flush=True,
        )
        print("".join(f"    {fault}\n" for fault in walk.wrong), end="")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
