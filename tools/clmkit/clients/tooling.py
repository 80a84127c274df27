"""The part of Salesforce's Tooling API that a release needs: flows, whose versions a deploy cannot delete.

Sources: "FlowDefinition", "Flow" (Tooling API Developer Guide). A version that is active is not deleted, so it is deactivated
first; one with paused interviews is not deleted either.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import msgspec

from clmkit.clients.errors import Refused
from clmkit.clients.salesforce import Salesforce, quote_soql

GONE = 404


class Tooling:
    def __init__(self, salesforce: Salesforce) -> None:
        self._salesforce = salesforce

    async def delete_flow(self, name: str) -> int:
        """Deactivate a flow and delete all its versions; answer how many, 0 when the org has no flow of that name.

        Raises Refused for a version that the org keeps, WireError.
        """
        by_name = f"DeveloperName = {quote_soql(name)} AND NamespacePrefix = null"
        definitions = await self._query(f"SELECT Id, ActiveVersionId FROM FlowDefinition WHERE {by_name}")  # noqa: S608
        count = 0
        for definition in definitions:
            if definition["ActiveVersionId"]:
                body = {"Metadata": {"activeVersionNumber": 0}}
                await self._salesforce.call("PATCH", f"tooling/sobjects/FlowDefinition/{definition['Id']}", body)
            own = quote_soql(str(definition["Id"]))
            for version in await self._query(f"SELECT Id FROM Flow WHERE DefinitionId = {own}"):  # noqa: S608
                await self._delete(f"tooling/sobjects/Flow/{version['Id']}")
                count += 1
        return count

    async def _delete(self, path: str) -> None:
        """What is gone already is deleted: the answer to an earlier attempt was lost."""
        try:
            await self._salesforce.call("DELETE", path)
        except Refused as refused:
            if refused.status != GONE:
                raise

    async def _query(self, soql: str) -> list[dict[str, Any]]:
        """The records of a query whose answer is one page."""
        reply = await self._salesforce.call("GET", f"tooling/query?{urlencode({'q': soql})}")
        records: list[dict[str, Any]] = msgspec.json.decode(reply.body)["records"]
        return records
