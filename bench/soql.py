"""How fast SOQL answers, without HTTP: contracts by external id, scans, groups, batches of rows.

    .venv/bin/python bench/soql.py [contracts]

Prints one line a workload: microseconds of CPU a query, the JSON form of the answer included.
"""

from __future__ import annotations

import sys
import time
from dataclasses import replace

from orgtwin.org import Org
from orgtwin.records.model import Caller
from orgtwin.schema.model import Field, FieldType
from orgtwin.seed import administrator, new_org
from orgtwin.soql import execute, to_json
from orgtwin.soql.parser import parse_afresh

BATCH = 200
ACCOUNTS = 1000

CUSTOM = (
    Field(
        "CLM_Id__c",
        "CLM Id",
        FieldType.STRING,
        length=64,
        unique=True,
        external_id=True,
        custom=True,
        permissionable=False,
    ),
    Field("Value__c", "Value", FieldType.CURRENCY, precision=18, scale=2, custom=True, permissionable=False),
)
BY_KEY = "SELECT Id, Status, Value__c, Account.Name FROM Contract WHERE CLM_Id__c = 'clm-{}'"
WORKLOADS = (
    ("by external id, one text", BY_KEY.format(7), 5000),
    ("an account with its contracts", "SELECT Id, (SELECT Id, CLM_Id__c FROM Contracts) FROM Account LIMIT 1", 500),
    ("a batch of 2,000 rows", "SELECT Id, CLM_Id__c, Status, Value__c, Account.Name FROM Contract LIMIT 2000", 10),
    ("a scan that finds ten", "SELECT Id FROM Contract WHERE Value__c < 10", 10),
    ("the ten greatest", "SELECT Id FROM Contract ORDER BY Value__c DESC LIMIT 10", 5),
    ("groups of all", "SELECT Status, COUNT(Id), SUM(Value__c) FROM Contract GROUP BY Status", 5),
    ("a count of all", "SELECT COUNT() FROM Contract", 20),
)


def filled_org(contracts: int) -> tuple[Org, Caller]:
    org = new_org()
    contract = org.schema.find_type("Contract")
    assert contract is not None
    org.replace_schema(org.schema.with_types([replace(contract, fields=contract.fields + CUSTOM)]))
    system = org.system_caller()
    accounts: list[str | None] = []
    for start in range(0, ACCOUNTS, BATCH):
        names = [{"Name": f"Account {number}"} for number in range(start, start + BATCH)]
        accounts += [result.record_id for result in org.dml.insert(system, "Account", names)]
    for start in range(0, contracts, BATCH):
        rows = [
            {
                "CLM_Id__c": f"clm-{number}",
                "AccountId": accounts[number % ACCOUNTS],
                "Status": "Draft",
                "Value__c": number,
            }
            for number in range(start, min(start + BATCH, contracts))
        ]
        org.dml.insert(system, "Contract", rows)
    return org, administrator(org)


def report(label: str, started: float, queries: int) -> None:
    print(f"{label:<32} {(time.process_time() - started) / queries * 1e6:>12,.0f} us")


def main() -> None:
    contracts = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    org, caller = filled_org(contracts)
    print(f"{contracts:,} contracts, {ACCOUNTS:,} accounts, user mode")
    for label, query, times in WORKLOADS:
        started = time.process_time()
        for _ in range(times):
            to_json(execute(org, caller, query), "/services/data/v66.0")
        report(label, started, times)
    texts = [BY_KEY.format(number) for number in range(2000)]
    started = time.process_time()
    for text in texts:
        to_json(execute(org, caller, text), "/services/data/v66.0")
    report("by external id, a new text each", started, len(texts))
    started = time.process_time()
    for text in texts:
        parse_afresh(text)
    report("of which parsing", started, len(texts))


if __name__ == "__main__":
    main()
