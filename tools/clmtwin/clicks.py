"""The trace that a change belongs to, as the request that made it told: its webhooks carry it on.

Source: "Trace Context" (W3C Recommendation), section 3.2: version 00, trace id, parent id, flags; a hop replaces the parent id.
"""

from __future__ import annotations

import hashlib
import re
from collections import OrderedDict
from dataclasses import dataclass, field

MOST = 10_000
_TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-([0-9a-f]{2})")


@dataclass(slots=True)
class Clicks:
    """`header` is that of the request that is being answered; a restart forgets what was noted."""

    header: str = ""
    _noted: OrderedDict[tuple[str, int], str] = field(default_factory=OrderedDict)

    def note(self, agreement_id: str, revision: int) -> None:
        """What is made of an agreement now belongs to the trace of the request."""
        if _TRACEPARENT.fullmatch(self.header):
            self._noted[agreement_id, revision] = self.header
            while len(self._noted) > MOST:
                self._noted.popitem(last=False)

    def find(self, agreement_id: str, revision: int, event_id: str) -> str:
        """The header of a call about the change, below a span of the twin's own; empty where nobody told of a trace."""
        match = _TRACEPARENT.fullmatch(self._noted.get((agreement_id, revision), ""))
        return f"00-{match[1]}-{hashlib.sha256(event_id.encode()).hexdigest()[:16]}-{match[2]}" if match else ""
