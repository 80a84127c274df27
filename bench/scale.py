"""What saving, finding and keeping a contract costs when there are ten thousand, a hundred thousand and a million of them.

    .venv/bin/python bench/scale.py [1000000]

The contracts are loaded by Bulk API 2.0; at every size the same requests are measured as in twin.py. The last columns compare with
the first line: a cost that grew with the number of contracts would show there. Memory is the process's, a contract.
"""

from __future__ import annotations

import sys

import uvloop
from served import Case, cpu_seconds, measure, resident_mb, server_of, twin
from twin import (
    EARLIER,
    JOB_ROWS,
    ROWS,
    Client,
    by_external_id,
    job_data,
    prepare,
    run_job,
    upsert_many,
    upsert_one,
)

SIZES = (10_000, 100_000, 1_000_000)
COLUMNS = ("load, a row", "upsert", "collection, a row", "SOQL by key")


def main() -> None:
    most = int(sys.argv[1]) if len(sys.argv) > 1 else SIZES[-1]
    print(f"{'contracts':>10} " + " ".join(f"{name:>20}" for name in COLUMNS) + f" {'memory':>12}")
    with twin() as ready:
        server, client = server_of(ready), Client(ready)
        accounts = uvloop.run(prepare(client, ready.user_id))
        cases = (
            Case("upsert", upsert_one(accounts)),
            Case("collection", upsert_many(accounts), ROWS, requests=25),
            Case("SOQL", by_external_id, requests=1_000),
        )
        before, there, first = resident_mb(ready.pid), 0, None
        for number, size in enumerate(size for size in SIZES if size <= most):
            used = cpu_seconds(ready.pid)
            for start in range(there, size, JOB_ROWS):
                data = job_data(accounts, start, min(JOB_ROWS, size - start))
                uvloop.run(run_job(client, data))
            load = 1e6 * (cpu_seconds(ready.pid) - used) / (size - there)
            there = size
            memory = (resident_mb(ready.pid) - before) * 2**20 / size
            costs = [load, *(measure(server, case, first=number * EARLIER // 10).least for case in cases)]
            first = first or costs
            shown = " ".join(
                f"{cost:11.1f} us {cost / at_first:4.2f}x" for cost, at_first in zip(costs, first, strict=True)
            )
            print(f"{size:10,} {shown} {memory:7,.0f} bytes", flush=True)


if __name__ == "__main__":
    main()
