"""A release is taken back with its data between both twins: metadata, values, proof; killed in the middle and gone on with."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time

import pytest
import requests
from simple_salesforce.api import Salesforce
from tests.clmkit.release.conftest import Org
from tests.clmkit.release.interruptions import CLMKIT
from tests.clmkit.release.test_rekey_command import CONFIG, PATIENCE, VALUES_WAIT, call

pytestmark = pytest.mark.e2e

RIGHT, WRONG = "none: None, manual: Manual, auto: Automatic", "none: None, manual: Automatic, auto: Manual"
POINT = "build/points/before.jsonl"


def renewals(rest: Salesforce) -> dict[str, str | None]:
    rows = rest.query_all("SELECT CLM_Id__c, CLM_Renewal_Type__c FROM Contract WHERE CLM_Id__c != null")["records"]
    return {row["CLM_Id__c"]: row["CLM_Renewal_Type__c"] for row in rows}


def touch(org: Org, agreements: list[str]) -> None:
    """Somebody works on agreements in the CLM."""
    clm = json.loads(org.ready_file.with_name("clm.json").read_text(encoding="utf-8"))
    form = {"grant_type": "client_credentials", "client_id": clm["client_id"], "client_secret": clm["client_secret"]}
    token = requests.post(f"{clm['http_url']}/oauth/token", data=form, timeout=PATIENCE).json()["access_token"]
    for one in agreements:
        url = f"{clm['http_url']}/api/v1/agreements/{one}"
        body = {"title": f"{one}, worked on"}
        requests.patch(
            url, json=body, headers={"Authorization": f"Bearer {token}"}, timeout=PATIENCE
        ).raise_for_status()


def kill_at_the_first_value(org: Org, rest: Salesforce, wrong: dict[str, str | None]) -> None:
    """It may be done before the kill comes: what follows holds either way."""
    command = [CLMKIT, "sync", "rollback", POINT, "--apply", "--config", CONFIG]
    with subprocess.Popen(command, cwd=org.project, env=os.environ | {"PYTHONUNBUFFERED": "1"}) as child:
        deadline = time.monotonic() + PATIENCE
        while renewals(rest) == wrong:
            assert time.monotonic() < deadline
        child.send_signal(signal.SIGKILL)
        child.wait(timeout=PATIENCE)


def test_a_release_is_taken_back_with_its_data(org: Org) -> None:
    rest = org.rest()
    assert call(org, "sync", "run")[0] == VALUES_WAIT
    before = renewals(rest)
    auto = [key for key, value in before.items() if value == "Automatic"]
    assert len(auto) > 20
    assert call(org, "sync", "keep", POINT)[1]["rows"] > 700

    org.rewrite(RIGHT, WRONG)
    org.rewrite("type: {text: 80}", "type: {text: 120}")
    document = org.plan()[1]
    org.decide(*document["undecided"])
    release = org.plan()[1]["hash"]
    assert org.release("apply", release)[0] == 0
    touch(org, auto)
    call(org, "sync", "run", "--allow")
    assert {renewals(rest)[key] for key in auto} == {"Manual"}
    assert org.clmkit("sync", "rollback", POINT, "--config", CONFIG)[1].startswith("refused: The point was kept under")

    org.rewrite("type: {text: 120}", "type: {text: 80}")
    org.rewrite(WRONG, RIGHT)
    assert org.release("apply", release, "--rollback")[0] == 0
    code, plan = call(org, "sync", "rollback", POINT)
    counts = {(one["field"], one["verdict"]): one["values"] for one in plan["counts"]}
    assert (code, counts[("contract.renewal", "put back")]) == (0, len(auto))
    kill_at_the_first_value(org, rest, renewals(rest))
    code, done = call(org, "sync", "rollback", POINT, "--apply")
    assert (code, done["wrong"], done["proven"] >= len(auto)) == (0, 0, True)
    assert renewals(rest) == before
    assert call(org, "sync", "run", "--allow")[1]["stopped"] == ""
    assert renewals(rest) == before
    assert call(org, "reconcile")[1]["differences"] == []
