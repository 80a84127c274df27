"""The two systems as the engine needs them. `clmkit.clients` has the real ones; another CLM is another class with these methods."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from clmkit.clients.clm import ChangePage, JsonObject, Unread
from clmkit.clients.salesforce import ApiUsage, Record, RowResult


class Org(Protocol):
    @property
    def api_usage(self) -> ApiUsage | None: ...

    def query(self, soql: str, *, with_deleted: bool = False) -> AsyncIterator[Record]: ...

    async def read_updated(self, sobject: str, start: str, end: str) -> list[str]: ...

    async def read_deleted(self, sobject: str, start: str, end: str) -> dict[str, str]: ...

    async def upsert_collection(
        self, sobject: str, key_field: str, records: Sequence[Record], *, patient: bool = True
    ) -> list[RowResult]: ...

    async def upsert_composite(
        self, sobject: str, key_field: str, records: Sequence[Record], *, patient: bool = True
    ) -> list[RowResult]: ...

    async def upsert_bulk(
        self, sobject: str, key_field: str, records: Sequence[Record], *, needs_ids: bool = True
    ) -> list[RowResult]: ...


class ClmSystem(Protocol):
    async def read_changes(self, after: str, limit: int = 500) -> ChangePage: ...

    def read_agreements(self, limit: int = 200) -> AsyncIterator[JsonObject | Unread]: ...

    async def get_agreement(self, agreement_id: str) -> JsonObject: ...

    async def find_agreements(self, agreement_ids: Sequence[str]) -> dict[str, JsonObject]: ...

    async def patch_agreement(self, agreement_id: str, revision: int, change: JsonObject) -> JsonObject: ...

    async def put_webhook(self, name: str, url: str, secret: str) -> None: ...

    async def read_webhook_key(self) -> str: ...
