"""Every speed that the org twin promises, beside the same server answering nothing: one run, one table.

    .venv/bin/python bench/twin.py [--rows 1000000]

Times are processor time of the twin's own process (see served.py), the whole of it, what the server takes for answering nothing
included; start is by the wall clock too. A figure is the least of its rounds, and the middle one stands behind it. The rows are
contracts of 17 fields, without triggers: types, required fields, field-level security, a unique external id, a parent and a
restricted picklist are checked; the last figures add validation rules. Rows of Bulk API 2.0 are saved while another client keeps
asking.
"""

from __future__ import annotations

import argparse
import asyncio
import csv
import io
import json
import time
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import quote, urlsplit

import uvloop
from records import contract_rows
from served import (
    NOTHING,
    Case,
    Cost,
    Server,
    V,
    cpu_seconds,
    empty_server,
    measure,
    measure_nothing,
    resident_mb,
    server_of,
    twin,
)

from orgtwin.http.ready import ReadyFile

ROWS = 200
JOB_ROWS = 250_000
STARTS = 5
EARLIER = 10**9  # external ids of the single upserts begin here, those of the collections at twice that
FIELDS = {
    "CLM_Id__c": "Text 64",
    "CLM_Version__c": "Number 18 0",
    "CLM_Status__c": "Picklist",
    "Annual_Value__c": "Currency 18 2",
    "Governing_Law__c": "Text 255",
    "Renewal_Notice_Days__c": "Number 4 0",
    "Auto_Renew__c": "Checkbox",
    "Effective_Date__c": "Date",
    "Signed_At__c": "DateTime",
    "Document_Url__c": "Url",
}
RULES = {
    "Value_Is_Positive": "Annual_Value__c &lt; 0",
    "Terminated_Has_Terms": 'AND(ISPICKVAL(CLM_Status__c, "Terminated"), ISBLANK(SpecialTerms))',
}
STATUSES = ("Draft", "Negotiation", "Signed", "Active", "Terminated")
HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
NS = 'xmlns="http://soap.sforce.com/2006/04/metadata"'


@dataclass(frozen=True)
class Bar:
    """One promise: at most so much of a unit."""

    name: str
    bar: float
    unit: str


SINGLE = Bar("one upsert by external id (10,000/s)", 100, "us")
COLLECTION = Bar("a row in collections of 200 (60,000/s)", 1e6 / 60_000, "us")
SINGLE_RULED = Bar("one upsert, two validation rules", SINGLE.bar, "us")
COLLECTION_RULED = Bar("a row in collections, two rules", COLLECTION.bar, "us")
BULK = Bar("a row of Bulk 2.0 (1,000,000 in 15 s)", 15, "us")
WAIT = Bar("longest wait beside the bulk job", 1_000, "ms")
GROWTH = Bar("last bulk job beside the first", 1.3, "x")
MEMORY = Bar("memory of a contract", 1024, "bytes")
SOQL = Bar("SOQL by external id", 300, "us")
DEPLOY = Bar("deploy of 1,000 components", 3, "s")
START = Bar("start until it accepts, processor", 0.5, "s")
START_WALL = Bar("start until it accepts, wall", 0.5, "s")
START_MEMORY = Bar("memory when it accepts", 120, "MB")


def show(bar: Bar, figure: float, note: str = "") -> None:
    verdict = "met" if figure <= bar.bar else "NOT MET"
    print(f"{bar.name:42} {figure:12,.2f} {bar.unit:6} bar {bar.bar:10,.2f}  {verdict:8} {note}", flush=True)


def show_cost(bar: Bar, cost: Cost) -> None:
    show(bar, cost.least, f"middle {cost.middle:.1f}, {cost.ratio:.1f} x nothing")


# ---- the schema


def field_xml(name: str, kind: str) -> str:
    kind, *numbers = kind.split()
    parts = [f"<fullName>{name}</fullName>", f"<label>{name}</label>", f"<type>{kind}</type>"]
    if kind == "Text":
        parts.append(f"<length>{numbers[0]}</length>")
    if kind in ("Number", "Currency"):
        parts.append(f"<precision>{numbers[0]}</precision><scale>{numbers[1]}</scale>")
    if kind == "Checkbox":
        parts.append("<defaultValue>false</defaultValue>")
    if name == "CLM_Id__c":
        parts.append("<externalId>true</externalId><unique>true</unique><caseSensitive>true</caseSensitive>")
    if kind == "Picklist":
        values = "".join(
            f"<value><fullName>{v}</fullName><default>false</default><label>{v}</label></value>" for v in STATUSES
        )
        parts.append(
            f"<valueSet><restricted>true</restricted><valueSetDefinition><sorted>false</sorted>{values}"
            "</valueSetDefinition></valueSet>"
        )
    return f"<fields>{''.join(parts)}</fields>"


def package(files: dict[str, str], members: dict[str, list[str]]) -> bytes:
    """A Metadata API zip with its manifest."""
    types = "".join(
        f"<types>{''.join(f'<members>{name}</members>' for name in names)}<name>{kind}</name></types>"
        for kind, names in members.items()
    )
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("package.xml", f"{HEAD}<Package {NS}>{types}<version>66.0</version></Package>")
        for path, content in files.items():
            archive.writestr(path, HEAD + content)
    return buffer.getvalue()


def contract_package() -> bytes:
    fields = "".join(field_xml(name, kind) for name, kind in FIELDS.items())
    granted = "".join(
        f"<fieldPermissions><editable>true</editable><field>Contract.{name}</field><readable>true</readable></fieldPermissions>"
        for name in FIELDS
    )
    return package(
        {
            "objects/Contract.object": f"<CustomObject {NS}>{fields}</CustomObject>",
            "permissionsets/Bench.permissionset": f"<PermissionSet {NS}>{granted}<label>Bench</label></PermissionSet>",
        },
        {"CustomField": [f"Contract.{name}" for name in FIELDS], "PermissionSet": ["Bench"]},
    )


def rule_package() -> bytes:
    """Validation rules that every row keeps."""
    rules = "".join(
        f"<validationRules><fullName>{name}</fullName><active>true</active>"
        f"<errorConditionFormula>{formula}</errorConditionFormula><errorMessage>{name}</errorMessage></validationRules>"
        for name, formula in RULES.items()
    )
    return package(
        {"objects/Contract.object": f"<CustomObject {NS}>{rules}</CustomObject>"},
        {"ValidationRule": [f"Contract.{name}" for name in RULES]},
    )


def thousand_components() -> bytes:
    """Ten objects of 99 text fields each: with the objects themselves 1,000 components."""
    files, members = {}, []
    for number in range(10):
        name = f"Bench{number}__c"
        fields = "".join(field_xml(f"F{at}__c", "Text 80") for at in range(99))
        files[f"objects/{name}.object"] = (
            f"<CustomObject {NS}><deploymentStatus>Deployed</deploymentStatus>{fields}<label>{name}</label>"
            "<nameField><label>Name</label><type>Text</type></nameField><pluralLabel>B</pluralLabel>"
            "<sharingModel>ReadWrite</sharingModel></CustomObject>"
        )
        members += [f"{name}.F{at}__c" for at in range(99)]
    return package(files, {"CustomObject": [f"Bench{n}__c" for n in range(10)], "CustomField": members})


# ---- one client


class Client:
    """One keep-alive connection."""

    def __init__(self, ready: ReadyFile) -> None:
        self._ready = ready

    async def ask(self, method: str, path: str, body: bytes = b"", content_type: str = "application/json") -> bytes:
        place = urlsplit(self._ready.http_url)
        reader, writer = await asyncio.open_connection(place.hostname, place.port, limit=2**26)
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self._ready.access_token}\r\n"
            f"Content-Type: {content_type}\r\nConnection: close\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        await writer.drain()
        answer = await reader.read()
        writer.close()
        if not b"200" <= answer[9:12] < b"300":
            raise RuntimeError(f"{method} {path}: {answer[:500]!r}")
        return answer.partition(b"\r\n\r\n")[2]

    async def json(self, method: str, path: str, value: object = None) -> dict[str, object]:
        body = b"" if value is None else json.dumps(value).encode()
        content: dict[str, object] = json.loads(await self.ask(method, path, body) or b"{}")
        return content

    async def deploy(self, archive: bytes) -> None:
        options = json.dumps({"deployOptions": {"singlePackage": True, "rollbackOnError": True}})
        body = (
            b'--b\r\nContent-Disposition: form-data; name="json"\r\nContent-Type: application/json\r\n\r\n'
            + options.encode()
            + b'\r\n--b\r\nContent-Disposition: form-data; name="file"; filename="d.zip"\r\n'
            + b"Content-Type: application/zip\r\n\r\n"
            + archive
            + b"\r\n--b--\r\n"
        )
        path = f"{V}/metadata/deployRequest"
        started = json.loads(await self.ask("POST", path, body, "multipart/form-data; boundary=b"))
        result = (await self.json("GET", f"{path}/{started['id']}?includeDetails=true"))["deployResult"]
        if not result["success"]:  # type: ignore[index]
            raise RuntimeError(str(result)[:2000])


async def prepare(client: Client, user_id: str) -> list[str]:
    """Deploy the contract's fields, give them to the administrator, create the accounts; their ids."""
    await client.deploy(contract_package())
    found = await client.json("GET", f"{V}/query?q={quote(chr(39).join(PERMISSION_SET))}")
    set_id = found["records"][0]["Id"]  # type: ignore[index]
    await client.json(
        "POST", f"{V}/sobjects/PermissionSetAssignment", {"AssigneeId": user_id, "PermissionSetId": set_id}
    )
    rows = [{"attributes": {"type": "Account"}, "Name": f"Account {n}"} for n in range(100)]
    answer = await client.ask("POST", f"{V}/composite/sobjects", json.dumps({"records": rows}).encode())
    return [row["id"] for row in json.loads(answer)]


PERMISSION_SET = ("SELECT Id FROM PermissionSet WHERE Name = ", "Bench", "")


# ---- the workloads


def upsert_one(accounts: list[str]) -> Callable[[int], tuple[str, str, bytes]]:
    def make(number: int) -> tuple[str, str, bytes]:
        row = contract_rows(accounts, EARLIER + number, 1, 1)[0]
        key = row.pop("CLM_Id__c")
        return "PATCH", f"{V}/sobjects/Contract/CLM_Id__c/{key}", json.dumps(row).encode()

    return make


def upsert_many(accounts: list[str]) -> Callable[[int], tuple[str, str, bytes]]:
    def make(number: int) -> tuple[str, str, bytes]:
        rows = contract_rows(accounts, 2 * EARLIER + number * ROWS, ROWS, 1)
        records = [{"attributes": {"type": "Contract"}, **row} for row in rows]
        return "PATCH", f"{V}/composite/sobjects/Contract/CLM_Id__c", json.dumps({"records": records}).encode()

    return make


def by_external_id(number: int) -> tuple[str, str, bytes]:
    text = f"SELECT Id, Status, Annual_Value__c, Account.Name FROM Contract WHERE CLM_Id__c = 'clm-{EARLIER + number:012d}'"
    return "GET", f"{V}/query?q={quote(text)}", b""


def job_data(accounts: list[str], start: int, count: int) -> bytes:
    buffer = io.StringIO()
    rows = contract_rows(accounts, start, count, 1)
    writer = csv.DictWriter(buffer, rows[0].keys(), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue().encode()


async def run_job(client: Client, data: bytes) -> float:
    """One job from its upload to its end; the longest that another request had to wait meanwhile, in seconds."""
    job = await client.json(
        "POST", f"{V}/jobs/ingest", {"object": "Contract", "operation": "upsert", "externalIdFieldName": "CLM_Id__c"}
    )
    path = f"{V}/jobs/ingest/{job['id']}"
    await client.ask("PUT", f"{path}/batches", data, "text/csv")
    await client.json("PATCH", path, {"state": "UploadComplete"})
    longest = 0.0
    while True:
        asked = time.monotonic()
        job = await client.json("GET", path)
        longest = max(longest, time.monotonic() - asked)
        if job["state"] == "JobComplete" and job["numberRecordsFailed"] == 0:
            return longest
        if job["state"] != "InProgress":
            raise RuntimeError(str(job))
        await asyncio.sleep(0.02)


def bulk(ready: ReadyFile, client: Client, accounts: list[str], rows: int) -> None:
    before, costs, longest, done = resident_mb(ready.pid), [], 0.0, 0
    for start in range(0, rows, JOB_ROWS):
        count = min(JOB_ROWS, rows - start)
        data = job_data(accounts, start, count)
        used = cpu_seconds(ready.pid)
        longest = max(longest, uvloop.run(run_job(client, data)))
        costs.append(1e6 * (cpu_seconds(ready.pid) - used) / count)
        done += count
    show(BULK, sum(costs) / len(costs))
    show(WAIT, longest * 1_000)
    show(GROWTH, costs[-1] / costs[0])
    show(MEMORY, (resident_mb(ready.pid) - before) * 2**20 / done)
    print(f"{'the jobs, us a row':42} {', '.join(f'{cost:.1f}' for cost in costs)}")


def rest_figures(ready: ReadyFile, accounts: list[str], empty: Server) -> None:
    server = server_of(ready)
    create = upsert_one(accounts)
    show_cost(SINGLE, measure(server, Case("create", create), empty))
    show_cost(SINGLE, measure(server, Case("update", create), empty))
    show_cost(COLLECTION, measure(server, Case("collection", upsert_many(accounts), ROWS, requests=25), empty))
    show_cost(SOQL, measure(server, Case("SOQL", by_external_id, requests=1_000), empty))


def rule_figures(client: Client, ready: ReadyFile, accounts: list[str], empty: Server) -> None:
    """The same saves, each row held to two validation rules."""
    uvloop.run(client.deploy(rule_package()))
    server = server_of(ready)
    show_cost(SINGLE_RULED, measure(server, Case("update", upsert_one(accounts)), empty))
    show_cost(COLLECTION_RULED, measure(server, Case("collection", upsert_many(accounts), ROWS, requests=25), empty))


def starts() -> None:
    """The quickest of some starts."""
    walls, costs, sizes = [], [], []
    for _ in range(STARTS):
        began = time.monotonic()
        with twin() as ready:
            walls.append(time.monotonic() - began)
            costs.append(cpu_seconds(ready.pid))
            sizes.append(resident_mb(ready.pid))
    show(START_WALL, min(walls), f"worst {max(walls):.2f}")
    show(START, min(costs), f"worst {max(costs):.2f}")
    show(START_MEMORY, max(sizes))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=1_000_000)
    options = parser.parse_args()
    starts()
    with empty_server() as empty, twin() as ready:
        nothing = measure_nothing(empty)
        print(f"{NOTHING.name:42} {nothing.least:12,.2f} us     middle {nothing.middle:.1f}")
        client = Client(ready)
        used = cpu_seconds(ready.pid)
        uvloop.run(client.deploy(thousand_components()))
        show(DEPLOY, cpu_seconds(ready.pid) - used)
        accounts = uvloop.run(prepare(client, ready.user_id))
        rest_figures(ready, accounts, empty)
        bulk(ready, client, accounts, options.rows)
        rule_figures(client, ready, accounts, empty)


if __name__ == "__main__":
    main()
