"""The CPU time of Apex in the org twin: the kit's triggers under load, the kit's own tests, and hostile code.

    python bench/apex.py [--rows 10000] [--check]

Process CPU time, so that other work on the machine does not count. Rows are upserted by the integration user in calls of 200, with
every generated trigger running; all generated tests; 500 classes compiled with an empty cache of verdicts and with a full one, each
in a process of its own, and parsed alone; then programs that would never end, each in a transaction of its own. Limits are those
that the project set itself; `--check` ends with exit code 1 when one is not met. Peers were measured once, on two cores, on public
code of 26 MB: Salesforce's own parser (native, npm @prettier-apex) 0.8 MB/s, apex-parser 5.2 (ANTLR, Node) 0.36 MB/s, apex-ls 6.0
(Java; parse and check) 37 s for 143 classes.
"""

from __future__ import annotations

import argparse
import gc
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

from orgtwin.apex.engine import Engine
from orgtwin.apex.faults import ApexThrow
from orgtwin.apex.kept_verdicts import kept_verdicts
from orgtwin.apex.kernel import engine_for
from orgtwin.apex.project import read_project
from orgtwin.apex.projects import prepare
from orgtwin.apex.syntax import parse
from orgtwin.apex.testing import run_tests
from orgtwin.org import Org
from orgtwin.records.model import AccessLevel, Caller
from orgtwin.seed import administrator, new_org

ROOT = Path(__file__).parents[1]
CHUNK = 200
CLASSES = 500
MEMBERS = 14
METHOD = """
    /**
     * @description What member {n} of class {c} is worth, with everything that a handler does in a small space.
     * @param rows The contracts that count; one without a term counts as one month.
     * @param accounts The accounts of the contracts, by id; a contract without an account is passed over.
     * @return The sum, rounded to two digits.
     */
    public Decimal member{n}(List<Contract> rows, Map<Id, Account> accounts) {{
        Decimal total = 0;
        for (Contract row : rows) {{
            Account parent = accounts.get(row.AccountId);
            if (parent == null || String.isBlank(parent.Name)) {{ continue; }}
            total += (row.ContractTerm ?? 1) * {n}.5;
            names.add(parent.Name.toUpperCase() + ' ' + C{other}.LABEL);
        }}
        for (Contact person : [SELECT Id, LastName, Account.Name FROM Contact WHERE AccountId IN :accounts.keySet()]) {{
            names.add(person.LastName);
        }}
        return total.setScale(2);
    }}
"""
PARSED_MB = 5
LIMITS = {"tests": 5.0, "rows": 2.0, "cached": 3.0, "parsed": 1.0}
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


def class_source(number: int) -> str:
    """One of the classes: as long and as dense (12 KB, 150 tokens a KB) as those of public projects, each naming others."""
    body = "".join(METHOD.format(n=n, c=number, other=(number + n) % CLASSES) for n in range(MEMBERS))
    return f"public with sharing class C{number} {{\n    public static final String LABEL = 'c{number}';\n" + (
        f"    private List<String> names = new List<String>();\n{body}}}\n"
    )


def compile_all(folder: Path) -> float:
    """Seconds of CPU to load and judge all classes in a new process, which does not start with a heap of others' objects."""
    run = [sys.executable, __file__, "--compile", str(folder)]
    return float(subprocess.run(run, check=True, capture_output=True, text=True).stdout)


def compile_here(folder: Path) -> None:
    org = new_org()
    sources = {f"C{number}": class_source(number) for number in range(CLASSES)}
    engine: Engine = engine_for(org, administrator(org).user_id)

    def run() -> None:
        with kept_verdicts(folder) as verdicts:
            engine.load(sources)
            problems = engine.check(verdicts)
        if problems:
            raise SystemExit(f"the classes do not compile: {problems[0]}")

    print(measured(run))


def parsed() -> float:
    """Seconds of CPU for PARSED_MB of Apex: the best of three rounds, each of other classes."""
    return min(parsed_once([class_source(number) for number in range(start, start + 40)]) for start in (0, 40, 80))


def parsed_once(sources: list[str]) -> float:
    return PARSED_MB * 1e6 * measured(lambda: [parse(source) for source in sources]) / sum(map(len, sources))


def compiling(judge: Callable[[str, float, float], None]) -> None:
    with TemporaryDirectory() as folder:
        size = sum(len(class_source(number)) for number in range(CLASSES)) / 1e6
        cold = compile_all(Path(folder) / "cache")
        print(f"{CLASSES} classes, {size:.1f} MB, compiled without a cache   {cold:6.2f} s")
        judge(f"{CLASSES} classes compiled with a cache", compile_all(Path(folder) / "cache"), LIMITS["cached"])
    judge(f"{PARSED_MB} MB parsed", parsed(), LIMITS["parsed"])


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
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--compile", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.compile is not None:
        compile_here(asked.compile)
        return
    missed: list[str] = []

    def judge(what: str, seconds: float, limit: float) -> None:
        print(f"{what:<45} {seconds:6.2f} s   limit {limit:.2f} s {'met' if seconds <= limit else 'NOT MET'}")
        missed.extend([what] if seconds > limit else [])

    compiling(judge)
    fresh = prepare(read_project(ROOT / "force-app"))
    judge("the kit's Apex tests", measured(lambda: run_tests(fresh)), LIMITS["tests"])
    contracts(asked.rows, judge)
    fresh.load({"A": "public class A { public static void down() { down(); } }"})
    for name, source in HOSTILE.items():
        print(f"{name:<45} {measured(lambda s=source: hostile(fresh, s)):6.2f} s")  # type: ignore[misc]
    if asked.check and missed:
        sys.exit(1)


def contracts(rows: int, judge: Callable[[str, float, float], None]) -> None:
    """Rows through the kit's triggers, inserted and then updated."""
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
        judge(f"{rows} contracts {what} with triggers", seconds, LIMITS["rows"] * rows / 10_000)


def hostile(engine: object, source: str) -> None:
    """It ends, mostly by an exception of Apex; how long it took is what counts."""
    with suppress(ApexThrow):
        engine.run_anonymous(source)  # type: ignore[attr-defined]


if __name__ == "__main__":
    main()
