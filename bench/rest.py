"""How many records an org twin takes over REST, beside the same server answering nothing.

    .venv/bin/python bench/rest.py

A line a case: requests and records a second of one core, microseconds a request (least and middle round), and how many times a
request costs what one costs that is answered with nothing. See served.py.
"""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Callable

from served import NOTHING, Case, Cost, Server, V, empty_server, measure, measure_nothing, resident_mb, server_of, twin

ROWS = 200


def create(number: int) -> tuple[str, str, bytes]:
    return "POST", f"{V}/sobjects/Account", json.dumps({"Name": f"Account {number}"}).encode()


def collection(number: int) -> tuple[str, str, bytes]:
    rows = [
        {"attributes": {"type": "Account"}, "Name": f"Account {number}-{row}", "BillingCity": "Bern", "Site": str(row)}
        for row in range(ROWS)
    ]
    return "POST", f"{V}/composite/sobjects", json.dumps({"allOrNone": False, "records": rows}).encode()


def user_by_name(_number: int) -> tuple[str, str, bytes]:
    return "GET", f"{V}/query?q=SELECT+Id+FROM+User+WHERE+Username='admin@orgtwin.example'", b""


def upsert_by_id(existing: str) -> Callable[[int], tuple[str, str, bytes]]:
    def make(number: int) -> tuple[str, str, bytes]:
        return "PATCH", f"{V}/sobjects/Account/Id/{existing}", json.dumps({"Site": str(number)}).encode()

    return make


def first_account(server: Server) -> str:
    method, path, body = create(0)
    headers = {"Authorization": f"Bearer {server.token}", "Content-Type": "application/json"}
    request = urllib.request.Request(server.url + path, body, headers, method=method)
    with urllib.request.urlopen(request) as answer:
        record_id: str = json.load(answer)["id"]
    return record_id


def show(case: Case, cost: Cost) -> None:
    request = cost.least * case.rows
    print(
        f"{case.name:34} {1e6 / request:9,.0f} req/s {1e6 / cost.least:11,.0f} rows/s   "
        f"{request:9,.1f} us/req (middle {cost.middle * case.rows:9,.1f})  {cost.ratio:6.1f} x nothing",
        flush=True,
    )


def main() -> None:
    with empty_server() as empty, twin() as ready:
        show(NOTHING, measure_nothing(empty))
        server = server_of(ready)
        cases = (
            Case("create one record", create),
            Case("upsert one record by Id", upsert_by_id(first_account(server))),
            Case("query one user by name", user_by_name),
            Case(f"create {ROWS} records", collection, ROWS, requests=20),
        )
        for case in cases:
            show(case, measure(server, case, empty))
        print(f"memory of the twin at the end: {resident_mb(ready.pid):,.0f} MB")


if __name__ == "__main__":
    main()
