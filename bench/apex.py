"""The CPU time of Apex in the org twin: the kit's triggers under load, the kit's own tests, and hostile code.

    python bench/apex.py [--rows 10000]

Process CPU time, so that other work on the machine does not count. Rows are upserted by the integration user in calls of 200, with
every generated trigger running; then all generated tests; then programs that would never end, each in a transaction of its own.
"""

from __future__ import annotations

import argparse
import gc
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from orgtwin.apex.faults import ApexThrow
from orgtwin.apex.project import read_project
from orgtwin.apex.projects import prepare
from orgtwin.apex.testing import run_tests
from orgtwin.org import Org
from orgtwin.records.model import AccessLevel, Caller
from orgtwin.seed import administrator

ROOT = Path(__file__).parents[1]
CHUNK = 200
HOSTILE = {
    "an endless loop": "while (true) { }",
    "deep recursion": "Integer n = 0; A.down();",
    "a text that doubles": "String s = 'ab'; while (true) { s += s; }",
    "101 queries": "for (Integer i = 0; i < 101; i++) { List<Account> a = [SELECT Id FROM Account]; }",
    "a regular expression without end": "Pattern.matches('(a|aa)+b', 'a'.repeat(400) + 'c');",
}


def measured(run: Callable[[], object]) -> float:
    """Seconds of CPU."""
    start = time.process_time()
    run()
    return time.process_time() - start


def upsert(org: Org, caller: Caller, account: str, rows: int) -> None:
    for start in range(0, rows, CHUNK):
        chunk = [
            {"CLM_Id__c": f"agr-{n}", "CLM_Version__c": 1, "AccountId": account, "CLM_Title__c": f"Agreement {n}"}
            for n in range(start, min(start + CHUNK, rows))
        ]
        refused = [r for r in org.dml.upsert(caller, "Contract", "CLM_Id__c", chunk) if not r.success]
        if refused:
            raise SystemExit(f"row refused: {refused[0].errors[0].message}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=10_000)
    rows = parser.parse_args().rows
    fresh = prepare(read_project(ROOT / "force-app"))
    print(f"the kit's Apex tests                          {measured(lambda: run_tests(fresh)):6.2f} s")
    engine = prepare(read_project(ROOT / "force-app"))
    gc.freeze()  # as the server does: what was deployed is not garbage
    org: Org = engine.port.org  # type: ignore[attr-defined]  # the port of a project is the kernel's
    assigned = engine.port.query("SELECT Id FROM PermissionSet WHERE Name = 'CLM_Integration'", {}, user_mode=False)
    caller = Caller(administrator(org).user_id, AccessLevel.SYSTEM_MODE)
    link = {"PermissionSetId": assigned[0].fields["Id"], "AssigneeId": caller.user_id}  # type: ignore[index]
    org.dml.insert(caller, "PermissionSetAssignment", [link])
    account = str(org.dml.insert(caller, "Account", [{"Name": "Acme"}])[0].record_id)
    for what in ("inserted", "updated"):
        seconds = measured(lambda: upsert(org, caller, account, rows))
        print(f"{rows} contracts {what} by upsert with triggers   {seconds:6.2f} s   {rows / seconds:8.0f} rows/s")
    fresh.load({"A": "public class A { public static void down() { down(); } }"})
    for name, source in HOSTILE.items():
        print(f"{name:<45} {measured(lambda s=source: hostile(fresh, s)):6.2f} s")  # type: ignore[misc]


def hostile(engine: object, source: str) -> None:
    """It ends, mostly by an exception of Apex; how long it took is what counts."""
    with suppress(ApexThrow):
        engine.run_anonymous(source)  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
