"""How fast the org's kernel saves and finds contracts, and what a record costs in memory.

    .venv/bin/python bench/records.py [rows]

Prints one line a workload: rows per second of processor time through Dml (no HTTP), nanoseconds a lookup, bytes a record.
"""

from __future__ import annotations

import gc
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec import structs

from orgtwin.data_directory import open_org
from orgtwin.org import Org
from orgtwin.records.model import Caller
from orgtwin.schema.model import Field, FieldType, PicklistValue
from orgtwin.seed import administrator, new_org

BATCH = 200

CUSTOM = (
    Field("CLM_Id__c", "CLM Id", FieldType.STRING, length=64, unique=True, external_id=True, case_sensitive=True),
    Field("CLM_Version__c", "CLM Version", FieldType.DOUBLE, precision=18, scale=0),
    Field("CLM_Status__c", "CLM Status", FieldType.PICKLIST, length=255, restricted_picklist=True),
    Field("Annual_Value__c", "Annual Value", FieldType.CURRENCY, precision=18, scale=2),
    Field("Governing_Law__c", "Governing Law", FieldType.STRING, length=255),
    Field("Renewal_Notice_Days__c", "Renewal Notice", FieldType.DOUBLE, precision=4, scale=0),
    Field("Auto_Renew__c", "Auto-Renew", FieldType.BOOLEAN, nillable=False),
    Field("Effective_Date__c", "Effective Date", FieldType.DATE),
    Field("Signed_At__c", "Signed At", FieldType.DATETIME),
    Field("Document_Url__c", "Document", FieldType.URL, length=255),
)


def contract_org(org: Org) -> Org:
    """The org with the custom fields of a contract integration."""
    contract = org.schema.find_type("Contract")
    assert contract is not None
    statuses = tuple(PicklistValue(v, v) for v in ("Draft", "Negotiation", "Signed", "Active", "Terminated"))
    custom = tuple(
        structs.replace(f, custom=True, permissionable=False, picklist=statuses if f.restricted_picklist else ())
        for f in CUSTOM
    )
    org.replace_schema(org.schema.with_types([replace(contract, fields=contract.fields + custom)]))
    return org


def contract_rows(account_ids: list[str], start: int, count: int, version: int) -> list[dict[str, object]]:
    """`count` wire rows with 17 keys."""
    return [
        {
            "CLM_Id__c": f"clm-{number:012d}",
            "AccountId": account_ids[number % len(account_ids)],
            "Status": "Draft",
            "StartDate": "2026-02-01",
            "ContractTerm": 12 + number % 24,
            "CLM_Version__c": version,
            "CLM_Status__c": "Negotiation",
            "Annual_Value__c": 1000.5 + number,
            "Governing_Law__c": "Delaware",
            "Renewal_Notice_Days__c": 60,
            "Auto_Renew__c": number % 2 == 0,
            "Effective_Date__c": "2026-02-01",
            "Signed_At__c": "2026-01-15T10:30:00.000Z",
            "Document_Url__c": f"https://clm.example/agreements/{number}",
            "SpecialTerms": f"Terms of agreement {number}",
            "BillingCity": "London",
            "Description": "Supply agreement",
        }
        for number in range(start, start + count)
    ]


def report(name: str, amount: float, unit: str) -> None:
    print(f"{name:<44} {amount:>14,.0f} {unit}")


def rate(rows: int, work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return rows / (time.process_time() - started)


def upsert_all(org: Org, caller: Caller, batches: list[list[dict[str, object]]]) -> None:
    for batch in batches:
        results = org.dml.upsert(caller, "Contract", "CLM_Id__c", batch)
        assert all(result.success for result in results), results[0]


def measure_saves(org: Org, caller: Caller, label: str, rows: int) -> None:
    accounts = [{"Name": f"Account {n}"} for n in range(100)]
    account_ids = [str(result.record_id) for result in org.dml.insert(caller, "Account", accounts)]
    first = [contract_rows(account_ids, start, BATCH, 1) for start in range(0, rows, BATCH)]
    again = [contract_rows(account_ids, start, BATCH, 2) for start in range(0, rows, BATCH)]
    report(f"{label}: upsert creates, 200 a call", rate(rows, lambda: upsert_all(org, caller, first)), "rows/s")
    report(f"{label}: upsert updates, 200 a call", rate(rows, lambda: upsert_all(org, caller, again)), "rows/s")
    single = [[row] for row in contract_rows(account_ids, 0, 5000, 3)]
    report(f"{label}: upsert updates, one a call", rate(5000, lambda: upsert_all(org, caller, single)), "rows/s")


def measure_memory(org: Org, caller: Caller, rows: int) -> None:
    accounts = [{"Name": f"Holder {n}"} for n in range(100)]
    account_ids = [str(result.record_id) for result in org.dml.insert(caller, "Account", accounts)]
    gc.collect()
    before = resident_bytes()
    for start in range(0, rows, BATCH):
        upsert_all(org, caller, [contract_rows(account_ids, 10**9 + start, BATCH, 1)])
    gc.collect()
    report("memory of a contract with 17 fields", (resident_bytes() - before) / rows, "bytes")


def measure_lookup(org: Org) -> None:
    table = org.table("Contract")
    wanted = [f"clm-{number:012d}" for number in range(5000)]
    started = time.process_time()
    found = sum(len(table.find("CLM_Id__c", key)) for key in wanted)
    assert found == len(wanted)
    report("find by external id", (time.process_time() - started) / len(wanted) * 1e9, "ns")


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * resource.getpagesize()


def main() -> None:
    rows = int(sys.argv[1]) if len(sys.argv) > 1 else 40_000
    started = time.process_time()
    org = contract_org(new_org())
    report("start of a new org", (time.process_time() - started) * 1e6, "microseconds")
    caller = administrator(org)
    measure_memory(org, caller, rows)
    measure_saves(org, caller, "in memory", rows)
    measure_lookup(org)
    with TemporaryDirectory() as directory:
        kept = contract_org(open_org(Path(directory)))
        measure_saves(kept, administrator(kept), "with a journal", rows)


if __name__ == "__main__":
    main()
