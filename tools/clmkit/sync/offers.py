"""What the CLM is being given: kept before the patch is sent, gone once its answer is remembered.

One that is still there is of a patch whose answer nobody heard: its sender died, or the connection broke. If the agreement has the
values now, the patch arrived, and the next run remembers it as if the answer had come (`feed_back`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from clmkit.sync.database import Database, chunks, places

SCHEMA = """
CREATE TABLE IF NOT EXISTS offer (agreement_id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
"""


class Offer(msgspec.Struct, frozen=True):
    """`values` by Salesforce field of the agreement's own row; `told` is what the audit chain will say of the patch."""

    agreement_id: str
    values: Mapping[str, str | bool | int | None]
    told: Mapping[str, Any]


class Offers:
    """Writes happen inside a transaction of the caller's."""

    def __init__(self, database: Database) -> None:
        self._db = database

    def put(self, offer: Offer) -> None:
        sql = "INSERT INTO offer VALUES (?, ?) ON CONFLICT (agreement_id) DO UPDATE SET body = excluded.body"
        self._db.change(sql, (offer.agreement_id, msgspec.json.encode(offer).decode()))

    def find(self, agreement_ids: Iterable[str]) -> dict[str, Offer]:
        """Those that there are, by agreement."""
        found: dict[str, Offer] = {}
        for chunk in chunks(agreement_ids):
            sql = f"SELECT body FROM offer WHERE agreement_id IN {places(chunk)}"  # noqa: S608 - places
            offers = (msgspec.json.decode(str(body), type=Offer) for (body,) in self._db.execute(sql, chunk))
            found |= {offer.agreement_id: offer for offer in offers}
        return found

    def remove(self, agreement_id: str) -> None:
        self._db.change("DELETE FROM offer WHERE agreement_id = ?", (agreement_id,))
