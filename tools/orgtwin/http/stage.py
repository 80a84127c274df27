"""What of an org belongs to the one who is served: the open transaction, the engine of Apex, whose changes they are.

A paused turn leaves all of it as it is and takes what it wrote out of sight, so that others find the org as it was committed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from orgtwin.apex.recursion import find_depth, leave_depth
from orgtwin.org import Org
from orgtwin.records.model import Caller
from orgtwin.records.transactions import OutOfSight

if TYPE_CHECKING:
    from orgtwin.apex.service import ApexService, PausedApex
    from orgtwin.http.twin import Twin


@dataclass(frozen=True, slots=True)
class Start:
    """What tells whether schema and settings are still those of the beginning."""

    org: Org
    version: int


@dataclass(frozen=True, slots=True)
class Left:
    """All that a paused turn finds again."""

    org: Org
    log: OutOfSight
    running_user_id: str
    request: tuple[Caller | None, str, dict[str, str]]
    apex: PausedApex | None
    depth: list[int]


class OrgStage:
    """See http/turns.py."""

    def __init__(self, twin: Twin, find_apex: Callable[[Org], ApexService | None]) -> None:
        self._twin = twin
        self._find_apex = find_apex

    def start(self) -> Start:
        return Start(self._twin.org, self._twin.org.version)

    def can_hide(self, start: object) -> bool:
        """Rows can be put out of sight; another schema, which a deploy is about to take into use, cannot."""
        return start == self.start()

    def is_untouched(self, start: object) -> bool:
        apex = self._find_apex(self._twin.org)
        is_saving = apex is not None and apex.is_in_trigger
        return not is_saving and not len(self._twin.org.log) and self.can_hide(start)

    def leave(self) -> Left:
        org, apex = self._twin.org, self._find_apex(self._twin.org)
        log, user_id = org.log.put_out_of_sight(), org.running_user_id
        paused = None if apex is None else apex.leave()
        return Left(org, log, user_id, self._twin.events.leave_request(), paused, leave_depth())

    def enter(self, left: Left) -> None:
        apex = self._find_apex(left.org)
        find_depth(left.depth)
        self._twin.events.find_request(left.request)
        if apex is not None and left.apex is not None:
            apex.enter(left.apex)
        left.org.running_user_id = left.running_user_id
        left.org.log.bring_into_sight(left.log)
