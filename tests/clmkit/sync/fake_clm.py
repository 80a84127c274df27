"""A CLM in memory: agreements, revisions, a change feed, patches guarded by revision."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from clmkit.clients.clm import CLIENT_NAME, Change, ChangePage, JsonObject
from clmkit.clients.errors import Refused


@dataclass
class FakeClm:
    agreements: dict[str, JsonObject] = field(default_factory=dict)
    changes: list[Change] = field(default_factory=list)
    second: int = 0
    before_commit: Callable[[], None] = lambda: None
    after_commit: Callable[[], None] = lambda: None
    automation: Callable[[JsonObject], None] = lambda agreement: None
    """What the CLM's own rules make of every agreement that is saved."""

    def save(self, agreement_id: str, actor: str = "user", **fields: Any) -> JsonObject:
        """Create or change an agreement as a person does; what does not change it makes no revision."""
        old = self.agreements.get(agreement_id)
        new = copy.deepcopy({**(old or {"id": agreement_id, "revision": 0}), **fields})
        self.automation(new)
        if new == old:
            return new
        self.second += 1
        new |= {
            "revision": new["revision"] + 1,
            "updated_at": f"2026-11-22T00:{self.second // 60:02d}:{self.second % 60:02d}Z",
        }
        self.agreements[agreement_id] = new
        self.changes.append(self._change(new, actor))
        return new

    def _change(self, agreement: JsonObject, actor: str) -> Change:
        sequence = len(self.changes) + 1
        return Change(
            f"EVT-{sequence}", sequence, "agreement.updated", agreement["id"], agreement["revision"], agreement["updated_at"],
            actor, copy.deepcopy(agreement),
        )  # fmt: skip

    async def read_changes(self, after: str, limit: int = 500) -> ChangePage:
        start = int(after or 0)
        page = self.changes[start : start + limit]
        return ChangePage(page, str(start + len(page)), more=start + len(page) < len(self.changes))

    async def read_agreements(self, limit: int = 200) -> AsyncIterator[JsonObject]:
        for agreement in list(self.agreements.values()):
            yield copy.deepcopy(agreement)

    async def get_agreement(self, agreement_id: str) -> JsonObject:
        if agreement_id not in self.agreements:
            raise Refused("CLM GET", 404, "not_found", f"There is no agreement {agreement_id}.")
        return copy.deepcopy(self.agreements[agreement_id])

    async def find_agreements(self, agreement_ids: Sequence[str]) -> dict[str, JsonObject]:
        return {one: copy.deepcopy(self.agreements[one]) for one in agreement_ids if one in self.agreements}

    async def read_webhook_key(self) -> str:
        return ""

    async def put_webhook(self, name: str, url: str, secret: str) -> None:
        raise AssertionError("no story here listens")

    async def patch_agreement(self, agreement_id: str, revision: int, change: JsonObject) -> JsonObject:
        self.before_commit()
        old = self.agreements[agreement_id]
        if old["revision"] != revision:
            raise Refused("CLM PATCH", 412, "revision_mismatch", f"it is at revision {old['revision']}")
        merged = _merge(old, change)
        saved = self.save(agreement_id, CLIENT_NAME, **{name: merged[name] for name in change})
        self.after_commit()
        return saved


def _merge(target: JsonObject, change: JsonObject) -> JsonObject:
    merged = dict(target)
    for name, value in change.items():
        current = merged.get(name)
        merged[name] = _merge(current if isinstance(current, dict) else {}, value) if isinstance(value, dict) else value
    return merged
