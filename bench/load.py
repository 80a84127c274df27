"""A large load: the kit's durable loader beside others that send the same CSV to the same org twin.

    python bench/load.py [--rows 300000] [--rounds 3] [--only kit]

Each contestant is a process of its own, given the same file of 15 columns; they take turns. Told of each: seconds, processor time
a row, largest memory, API calls as the org counts them. After each turn every row in the org is compared with the file. The twin
has no network and no automation: the figures are the client's own cost, not Salesforce's speed.

    kit        rows kept in SQLite (synchronous=FULL), leased, sent by Bulk API 2.0, per-row refusals; survives kill -9 anywhere
    bulk2      simple-salesforce bulk2.upsert(csv_file): one job after the other, no per-row results
    bulk1      simple-salesforce bulk.upsert(list of dicts): Bulk API 1.0 in batches of 10,000, per-row results
"""

from __future__ import annotations

import argparse
import csv
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import requests
from simple_salesforce.api import Salesforce as SimpleSalesforce
from tests.orgtwin.events.test_pubsub import deploy
from tests.orgtwin.metadata.conftest import package_of

from orgtwin.http.ready import ReadyFile, read_ready
from orgtwin.metadata.archive import write_archive
from orgtwin.pytest_plugin import start_process, stop_process

VERSION = "66.0"
CONTEST = Path(__file__).with_name("load_contestants.py")
CONTESTANTS = ("kit", "bulk2", "bulk1")
OBJECT, KEY = "Deal__c", "Key__c"
COLUMNS = [KEY, *(f"Text{n}__c" for n in range(14))]
_TEXT = "<length>80</length><required>false</required><type>Text</type>"


def object_xml() -> str:
    texts = "".join(
        f"<fields><fullName>{name}</fullName><label>{name[:-3]}</label><externalId>false</externalId>{_TEXT}</fields>"
        for name in COLUMNS[1:]
    )
    key = f"<fields><fullName>{KEY}</fullName><label>Key</label><externalId>true</externalId><unique>true</unique>{_TEXT}</fields>"
    return f"""<CustomObject>{key}{texts}<label>Deal</label><pluralLabel>Deals</pluralLabel>
        <deploymentStatus>Deployed</deploymentStatus><sharingModel>ReadWrite</sharingModel>
        <nameField><label>Name</label><displayFormat>D-{{0}}</displayFormat><type>AutoNumber</type></nameField></CustomObject>"""


def profile_xml() -> str:
    fields = "".join(
        f"<fieldPermissions><editable>true</editable><field>{OBJECT}.{name}</field><readable>true</readable></fieldPermissions>"
        for name in COLUMNS
    )
    return f"<Profile>{fields}</Profile>"


def rows(count: int, tag: str) -> Iterator[list[str]]:
    for number in range(count):
        yield [f"K{number:07d}", tag, *(f"value {number % 97} of {column}" for column in range(13))]


def write_csv(path: Path, count: int, tag: str) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(rows(count, tag))


# ---- the judge


def simple(ready: ReadyFile) -> Any:
    session = requests.Session()
    session.trust_env = False
    session.verify = ready.ca_bundle
    return SimpleSalesforce(
        instance_url=ready.https_url, session_id=ready.access_token, session=session, version=VERSION
    )


def used(ready: ReadyFile) -> int:
    headers = {"Authorization": f"Bearer {ready.access_token}"}
    url = f"{ready.http_url}/services/data/v{VERSION}/limits"
    answer = requests.get(url, headers=headers, timeout=60).json()["DailyApiRequests"]
    return int(answer["Max"]) - int(answer["Remaining"])


def count_differences(ready: ReadyFile, count: int, tag: str) -> int:
    """Rows of the org that differ from the file in any column, missing ones included."""
    expected = {row[0]: row for row in rows(count, tag)}
    for record in simple(ready).query_all_iter(f"SELECT {', '.join(COLUMNS)} FROM {OBJECT}"):
        if expected.get(record[KEY]) == [record[name] for name in COLUMNS]:
            del expected[record[KEY]]
    return len(expected)


def play(names: list[str], count: int, rounds: int, folder: Path) -> None:
    ready_file = folder / "ready.json"
    process = start_process(ready_file)
    try:
        ready = read_ready(ready_file)
        files = {f"objects/{OBJECT}.object": object_xml(), "profiles/Admin.profile": profile_xml()}
        members = {"CustomObject": [OBJECT], "Profile": ["Admin"]}
        deploy(ready, write_archive(package_of(files, members)))
        print(f"{count:,} rows of {len(COLUMNS)} columns", flush=True)
        for turn in range(rounds):
            for name in names:
                tag, source = f"{name} {turn}", folder / f"{name}-{turn}.csv"
                write_csv(source, count, tag)
                before = used(ready)
                command = [sys.executable, str(CONTEST), name, str(ready_file), str(source), OBJECT, KEY]
                child = subprocess.run(command, capture_output=True, text=True, check=False)
                calls = used(ready) - before - 1
                source.unlink()
                if child.returncode:
                    print(f"{name:8} died: {child.stderr[-300:]}")
                    continue
                seconds, processor, memory = json.loads(child.stdout.splitlines()[-1])
                differing = count_differences(ready, count, tag)
                print(
                    f"{name:8}{seconds:8.1f} s {1e6 * processor / count:8.1f} us a row {memory:8.0f} MB {calls:6} calls"
                    f" {differing:6} rows differ",
                    flush=True,
                )
    finally:
        stop_process(process)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=300_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=CONTESTANTS)
    options = parser.parse_args()
    names = [options.only] if options.only else list(CONTESTANTS)
    with tempfile.TemporaryDirectory(prefix="bench-load-") as folder:
        play(names, options.rows, options.rounds, Path(folder))


if __name__ == "__main__":
    main()
