"""Every story of some steps, for every mapping: who edits what, when the sync runs; printed is what ends wrong, in sentences.

python bench/stories.py [--steps 3]
"""

from __future__ import annotations

import argparse
import sys
import time
from itertools import product

from tests.clmkit.sync.stories import MAPPINGS, steps_of, tell


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=3)
    steps = parser.parse_args().steps
    wrong = 0
    for mapping in MAPPINGS:
        began = time.process_time()
        stories = list(product(steps_of(mapping), repeat=steps))
        faults = [fault for story in stories for fault in tell(mapping, story)]
        wrong += len(faults)
        print(
            f"{mapping:15} {len(stories):6} stories {time.process_time() - began:7.1f} s {len(faults)} wrong",
            flush=True,
        )
        print("".join(f"    {fault}\n" for fault in faults), end="")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
