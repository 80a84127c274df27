"""What saving, finding and keeping a contract costs when there are ten thousand, a hundred thousand and a million of them.

    .venv/bin/python bench/scale.py [1000000]

The contracts are loaded by Bulk API 2.0, ten jobs a step, of which the least is shown; at every size requests are measured as in
twin.py. Beside each figure stands how many times that of the first line it is, both measured by what the same server took for
answering nothing at that moment, so that other work on the machine drops out: a cost that grows with the contracts shows there.
Memory is what the process grew by while it loaded, a contract.
"""

from __future__ import annotations

import statistics
import sys

import uvloop
from served import Case, cpu_seconds, empty_server, measure, measure_nothing, resident_mb, server_of, twin
from twin import (
    EARLIER,
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
    with empty_server() as empty, twin() as ready:
        server, client = server_of(ready), Client(ready)
        accounts = uvloop.run(prepare(client, ready.user_id))
        cases = (
            Case("upsert", upsert_one(accounts)),
            Case("collection", upsert_many(accounts), ROWS, requests=25),
            Case("SOQL", by_external_id, requests=1_000),
        )
        there, first = 0, None
        for number, size in enumerate(size for size in SIZES if size <= most):
            before, jobs, beside = resident_mb(ready.pid), [], []
            count = size // 10
            for start in range(there, size, count):
                data = job_data(accounts, start, count)
                nothing = measure_nothing(empty).least
                used = cpu_seconds(ready.pid)
                uvloop.run(run_job(client, data))
                jobs.append(1e6 * (cpu_seconds(ready.pid) - used) / count)
                beside.append(jobs[-1] / nothing)
            memory = (resident_mb(ready.pid) - before) * 2**20 / (size - there)
            there = size
            costs = [measure(server, case, empty, first=number * EARLIER // 10) for case in cases]
            figures = [(min(jobs), statistics.median(beside)), *((cost.least, cost.ratio) for cost in costs)]
            first = first or figures
            shown = " ".join(
                f"{cost:11.1f} us {ratio / at_first:4.2f}x"
                for (cost, ratio), (_, at_first) in zip(figures, first, strict=True)
            )
            print(f"{size:10,} {shown} {memory:7,.0f} bytes", flush=True)


if __name__ == "__main__":
    main()
