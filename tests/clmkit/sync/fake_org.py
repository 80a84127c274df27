"""An org in memory, just enough of one: upsert by external ID, the four query shapes that the sync sends, second-grained modstamps.

It refuses what Salesforce refuses in the sync's way: creating an activated contract, activating together with other fields,
a missing master, and whatever a test puts into `refuse` or `strike`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from clmkit.clients.salesforce import ApiUsage, Record, RowResult

ACTIVATED = ("Activated", "Expired", "Terminated")
OWNER = "005OWNER"
SELECT = re.compile(
    r"SELECT (?P<fields>.+?) FROM (?P<object>\w+) WHERE (?P<where>.+?)(?: ORDER BY (?P<order>.+))?$", re.DOTALL
)
IN = re.compile(r"(?P<field>[\w.]+) IN \((?P<values>.*)\)$", re.DOTALL)

Strike = Callable[[str, Sequence[Record]], None]


class Killed(BaseException):
    """The process is gone: nothing after this line runs."""


@dataclass
class FakeOrg:
    prefix: str = "CLM"
    """Before the API names of a mapping's own fields and objects."""
    alone: frozenset[str] = frozenset()
    """Those of a mapping's own objects that hang below no contract."""
    records: dict[str, dict[str, Record]] = field(default_factory=dict)
    bin: dict[str, dict[str, Record]] = field(default_factory=dict)
    refuse: dict[str, tuple[str, str]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    second: int = 0
    added: Counter[str] = field(default_factory=Counter)
    before_commit: Strike = lambda sobject, records: None
    after_commit: Strike = lambda sobject, records: None
    api_usage: ApiUsage | None = None
    automation: Callable[[Record], None] = lambda record: None
    """What triggers and flows make of every contract that is saved."""

    @property
    def key(self) -> str:
        return f"{self.prefix}_Id__c"

    def add(self, sobject: str, **fields: Any) -> str:
        """A record that somebody else put there."""
        table = self.records.setdefault(sobject, {})
        self.added[sobject] += 1
        record_id = f"{sobject.removeprefix(f'{self.prefix}_')[:5].upper()}{self.added[sobject]:06d}"
        table[record_id] = {"Id": record_id, "SystemModstamp": self._stamp(), **fields}
        return record_id

    def edit(self, sobject: str, key: str, **fields: Any) -> None:
        """What a person does in Salesforce."""
        record = self.get(sobject, key)
        record.update(fields, SystemModstamp=self._stamp())
        self.automation(record)

    def get(self, sobject: str, key: str) -> Record:
        record = self.find(sobject, key)
        assert record is not None, f"{sobject} {key} is not in the org"
        return record

    def find(self, sobject: str, key: str) -> Record | None:
        return next((record for record in self.records.get(sobject, {}).values() if record.get(self.key) == key), None)

    def count(self, sobject: str) -> int:
        return len(self.records.get(sobject, {}))

    def delete(self, sobject: str, key: str) -> None:
        """What a person deletes goes to the recycle bin, and what hangs below it."""
        record = self.get(sobject, key)
        below = [
            (name, row)
            for name, rows in self.records.items()
            for row in rows.values()
            if row.get("Contract__c") == record["Id"]
        ]
        for name, row in [(sobject, record), *below]:
            del self.records[name][row["Id"]]
            self.bin.setdefault(name, {})[row["Id"]] = {**row, "IsDeleted": True, "SystemModstamp": self._stamp()}

    async def query(self, soql: str, *, with_deleted: bool = False) -> AsyncIterator[Record]:
        self.calls.append("query")
        match = SELECT.match(soql)
        assert match is not None, soql
        table = {**self.records.get(match["object"], {}), **(self.bin.get(match["object"], {}) if with_deleted else {})}
        rows = [record for record in table.values() if self._is_wanted(match["object"], record, match["where"])]
        if match["order"]:
            rows.sort(key=lambda record: (record["SystemModstamp"], record["Id"]))
        for record in rows:
            yield {"Id": record["Id"]} | self._project(record, match["fields"].split(", "))

    async def read_updated(self, sobject: str, start: str, end: str) -> list[str]:
        self.calls.append("updated")
        return [one["Id"] for one in self.records.get(sobject, {}).values() if _is_within(one, start, end)]

    async def read_deleted(self, sobject: str, start: str, end: str) -> dict[str, str]:
        self.calls.append("deleted")
        gone = self.bin.get(sobject, {}).values()
        return {one["Id"]: one["SystemModstamp"] for one in gone if _is_within(one, start, end)}

    async def upsert_collection(
        self, sobject: str, key_field: str, records: Sequence[Record], *, patient: bool = True
    ) -> list[RowResult]:
        return self._upsert_all("collections", sobject, key_field, records)

    async def upsert_composite(
        self, sobject: str, key_field: str, records: Sequence[Record], *, patient: bool = True
    ) -> list[RowResult]:
        return self._upsert_all("composite", sobject, key_field, records)

    async def upsert_bulk(
        self, sobject: str, key_field: str, records: Sequence[Record], *, needs_ids: bool = True
    ) -> list[RowResult]:
        """Who needs no ids gets none of those that were saved."""
        results = self._upsert_all("bulk", sobject, key_field, records)
        return [
            replace(one, record_id="", created=False) if one.is_success and not needs_ids else one for one in results
        ]

    def _upsert_all(self, call: str, sobject: str, key_field: str, records: Sequence[Record]) -> list[RowResult]:
        self.calls.append(call)
        self.before_commit(sobject, records)
        results = [self._upsert(sobject, key_field, record) for record in records]
        self.after_commit(sobject, records)
        return results

    def _upsert(self, sobject: str, key_field: str, record: Record) -> RowResult:
        table = self.records.setdefault(sobject, {})
        known = next((old for old in table.values() if old.get(key_field) == record[key_field]), None)
        code, message = self._judge(sobject, known, record)
        if code:
            return RowResult("", created=False, code=code, message=message)
        if known is not None:
            known.update(record, SystemModstamp=self._stamp())
            self.automation(known)
            return RowResult(known["Id"], created=False)
        defaults = {"OwnerId": OWNER} if sobject == "Contract" else {}
        record_id = self.add(sobject, **{**defaults, **record})
        self.automation(table[record_id])
        return RowResult(record_id, created=True)

    def _judge(self, sobject: str, known: Record | None, record: Record) -> tuple[str, str]:
        if record[self.key] in self.refuse:
            return self.refuse[record[self.key]]
        if sobject == "Contract":
            if known is None and not record.get("AccountId"):
                return "REQUIRED_FIELD_MISSING", "Required fields are missing: [AccountId]"
            activates = record.get("Status") in ACTIVATED and (known is None or known.get("Status") not in ACTIVATED)
            if activates and (known is None or set(record) > {self.key, "Status"}):
                return "FAILED_ACTIVATION", "Choose a valid contract status and save your changes."
        elif (
            sobject.startswith(f"{self.prefix}_")
            and sobject not in self.alone
            and known is None
            and record.get("Contract__c") not in self.records.get("Contract", {})
        ):
            return "REQUIRED_FIELD_MISSING", "Required fields are missing: [Contract__c]"
        return "", ""

    def _stamp(self) -> str:
        self.second += 1
        hours, rest = divmod(self.second, 3600)
        return f"2026-11-21T{hours:02d}:{rest // 60:02d}:{rest % 60:02d}.000+0000"

    def _is_wanted(self, sobject: str, record: Record, where: str) -> bool:
        match = IN.match(where)
        if match is not None:
            wanted = {value.strip("'") for value in match["values"].split(",")}
            return str(record.get(match["field"])).casefold() in {value.casefold() for value in wanted}
        since = where.partition(">= ")[2].replace("Z", ".000+0000")
        return record.get(self.key) is not None and record["SystemModstamp"] >= since

    def _project(self, record: Record, fields: Sequence[str]) -> Record:
        projected: Record = {}
        for path in fields:
            relationship, dot, name = path.partition(".")
            if not dot:
                projected[path] = record.get(path)
                continue
            lookup = relationship.replace("__r", "__c") if relationship.endswith("__r") else f"{relationship}Id"
            related = next(
                (table[record[lookup]] for table in self.records.values() if record.get(lookup) in table), None
            )
            projected[relationship] = None if related is None else {name: related.get(name)}
        return projected


def _is_within(record: Record, start: str, end: str) -> bool:
    """Seconds are cut off of both ends, as in "Get Updated"."""
    return start[:16] <= str(record["SystemModstamp"])[:16] < end[:16]
