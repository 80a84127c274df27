"""`clmkit rekey` between both twins: shown first, killed half way, gone on with; the sync waits for it and makes no row twice."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest
from simple_salesforce.api import Salesforce
from tests.clmkit.release.conftest import Org
from tests.clmkit.release.interruptions import CLMKIT

pytestmark = pytest.mark.e2e

CONFIG = "build/run/sync.yml"
NUMBER = '    record_name: {label: Party Number, format: "P-{000000}"}\n    key: {clm: id, field: '
PATIENCE = 60.0
VALUES_WAIT = 1
"""Exit code of a sync that left values to people: the contracts are real ones."""


def count(rest: Salesforce, where: str) -> int:
    return int(rest.query(f"SELECT COUNT() FROM CLM_Party__c WHERE {where}")["totalSize"])


def records(rest: Salesforce, key: str) -> dict[str, str]:
    """Key -> record id of every party."""
    rows = rest.query_all(f"SELECT Id, {key} FROM CLM_Party__c WHERE {key} != null")["records"]
    return {row[key]: row["Id"] for row in rows}


def call(org: Org, *arguments: str) -> tuple[int, Any]:
    code, output = org.clmkit(*arguments, "--config", CONFIG, "--json")
    return code, json.loads(output)


def kill_at_the_first_new_key(org: Org, old: Path, rest: Salesforce) -> None:
    """It may be done before the kill comes: what follows holds either way."""
    command = [CLMKIT, "rekey", "--against", str(old), "--config", CONFIG]
    with subprocess.Popen(command, cwd=org.project, env=os.environ | {"PYTHONUNBUFFERED": "1"}) as child:
        deadline = time.monotonic() + PATIENCE
        while count(rest, "CLM_Ref__c != null") == 0:
            assert time.monotonic() < deadline
        child.send_signal(signal.SIGKILL)
        child.wait(timeout=PATIENCE)


def test_every_pair_keeps_its_record_through_a_change_of_keys(org: Org, tmp_path: Path) -> None:
    old, rest = tmp_path / "old.yml", org.rest()
    assert call(org, "sync", "run")[0] == VALUES_WAIT
    before = records(rest, "CLM_Id__c")
    assert len(before) > 100
    old.write_text((org.project / "mappings" / "contract.yml").read_text(encoding="utf-8"), encoding="utf-8")
    org.rewrite(f"{NUMBER}CLM_Id__c", f"{NUMBER}CLM_Ref__c")
    against = ("--against", str(old))

    document = org.plan(*against, "--state", "build/run/sync.sqlite")[1]
    (step,) = [item for item in document["items"] if item["code"] == "REL204"]
    assert (step["pair"], step["class"], step["subject"], step["records"]) == (
        "intent | data",
        "DATA",
        "party.key",
        len(before),
    )
    org.decide(*document["undecided"])
    assert org.release("apply", org.plan(*against)[1]["hash"], *against)[0] == 0
    refused = org.clmkit("sync", "run", "--config", CONFIG)
    assert (refused[0], "clmkit rekey" in refused[1]) == (2, True)

    intent = {"object": "party", "pairs": len(before), "missing": len(before)}
    assert call(org, "rekey", *against, "--dry-run") == (0, [intent])
    assert count(rest, "CLM_Ref__c != null") == 0
    kill_at_the_first_new_key(org, old, rest)
    code, proofs = call(org, "rekey", *against)
    assert (code, [(one["object"], one["before"], one["after"]) for one in proofs]) == (
        0,
        [("party", len(before), len(before))],
    )
    assert records(rest, "CLM_Ref__c") == before
    assert call(org, "rekey", *against, "--dry-run") == (0, [{**intent, "missing": 0}])
    code, report = call(org, "sync", "run")
    assert (code, report["rows_created"]) == (0, {})
    assert records(rest, "CLM_Ref__c") == before
