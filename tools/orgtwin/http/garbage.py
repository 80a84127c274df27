"""What a process that holds an org does about Python's garbage collector.

Records are never garbage in circles, and there may be a million of them: walking over all of them to find the few circles that
requests leave behind would stop the org for a second at a time. What has survived a full collection is therefore set aside; only
what is younger is walked over again.
"""

from __future__ import annotations

import gc

# New objects until the youngest are walked over; Python's own 700 is less than what one chunk of 200 rows makes.
_YOUNG = 20_000


def set_aside() -> None:
    """From now on survivors of a full collection, and all that is there now, are not walked over again."""
    gc.freeze()
    gc.set_threshold(_YOUNG, *gc.get_threshold()[1:])
    gc.callbacks.append(_after_collection)


def take_back() -> None:
    """An org has gone as a whole: let the collector find what it consisted of."""
    gc.unfreeze()


def _after_collection(phase: str, about: dict[str, int]) -> None:
    if phase == "stop" and about["generation"] == 2:
        gc.freeze()
