"""Changes flow on both sides while every secret is replaced, and what has to hold then."""

from __future__ import annotations

import base64
import json
import os
from dataclasses import dataclass, field
from typing import Any

import requests
from tests.clmkit.secrets.vault_shape import Vault
from tests.clmkit.sync.live import PATIENCE, Live, check_nothing_lost_nothing_doubled, wait_until

from clmkit.sync.state import State

ROTATING = """
spec: {spec}
state: sync.sqlite
pace: at_once
clm:
  url: {{file: clm.json, member: http_url}}
  client_id: {{file: clm.json, member: client_id}}
  client_secret: {{file: clm.json, member: client_secret}}
salesforce:
  url: {{file: org.json, member: https_url}}
  ca_bundle: {{file: org.json, member: ca_bundle}}
  client_id: {{file: org.json, member: client_id}}
  client_secret: {{vault: secret/clmkit, member: sf}}
webhook: {{listen: '127.0.0.1:0', secrets: [{{file: hook}}]}}
traces: {{file: rotation.jsonl}}
"""
IN_VAULT = "/v1/secret/data/clmkit"


@dataclass
class Rotation:
    """Changes flow on both sides, secrets are replaced in between."""

    live: Live
    vault: Vault
    seconds: float = 0.0
    """The clock of Vault: it moves only after a renewal was seen."""
    number: int = 0
    secrets: list[str] = field(default_factory=lambda: ["token-of-vault"])
    forgotten: list[int] = field(default_factory=list)
    """What the token endpoints answer to the first of all secrets."""

    def change(self) -> None:
        """A title in the CLM, and an owner in Salesforce."""
        self.number += 1
        self.live.call_clm("PATCH", f"/api/v1/agreements/{self._agreement}", {"title": f"Turn {self.number}"})
        contracts: Any = self.live.people.Contract
        contracts.update(self._contract()["Id"], {"OwnerId": self._owner["Id"]})

    @property
    def _agreement(self) -> str:
        return f"AGR-{30 + self.number % 4:06d}"

    @property
    def _owner(self) -> dict[str, str]:
        users = self.live.people.query("SELECT Id, Email FROM User WHERE IsActive = true ORDER BY Id")["records"]
        return dict(users[self.number // 4 % len(users)])

    def _contract(self) -> dict[str, str]:
        sql = f"SELECT Id, CLM_Title__c FROM Contract WHERE CLM_Id__c = '{self._agreement}'"
        return dict(self.live.people.query(sql)["records"][0])

    def has_arrived(self) -> bool:
        owner = self.live.call_clm("GET", f"/api/v1/agreements/{self._agreement}")["business_owner"]["email"]
        return (owner, self._contract()["CLM_Title__c"]) == (self._owner["Email"], f"Turn {self.number}")

    def outlive_token(self) -> None:
        known = self.vault.renewals
        wait_until(lambda: self.vault.renewals > known)
        self.seconds += 1.9

    def write_hook(self) -> None:
        self.secrets.append("whsec_" + base64.b64encode(os.urandom(32)).decode())
        (self.live.folder / "hook").write_text(self.secrets[-1])

    def replace_hook(self) -> None:
        known = self.count_replaced_hooks()
        self.write_hook()
        wait_until(lambda: self.count_replaced_hooks() > known)

    def replace_clm(self) -> None:
        first = self._write("clm.json", self.live.call_clm("POST", "/admin/client-secret")["client_secret"])
        self.live.call_clm("POST", "/admin/faults", {"name": "http_401", "path": "/api/v1/changes"})
        wait_until(lambda: self.live.call_clm("GET", "/admin/faults")["armed"][0]["struck"] == 1)
        self.live.call_clm("DELETE", "/admin/faults")
        form = {"grant_type": "client_credentials", "client_id": self.live.clm["client_id"], "client_secret": first}
        self._note_forgotten(requests.post(self.live.clm["http_url"] + "/oauth/token", data=form, timeout=PATIENCE))

    def replace_salesforce(self) -> None:
        app = self.live.org["client_id"]
        secret = self.live.call_org_admin("POST", f"apps/{app}/secret")["client_secret"]
        self.vault.secrets[IN_VAULT] = {"sf": secret}
        first = self._write("org.json", secret)
        self.live.call_org_admin("POST", "faults", {"name": "expired_session", "path": "*/composite/sobjects/*"})
        self.change()
        wait_until(self.has_arrived)
        assert [one["fired"] for one in self.live.call_org_admin("DELETE", "faults")] == [1]
        form = {"grant_type": "client_credentials", "client_id": app, "client_secret": first}
        where = self.live.org["https_url"] + "/services/oauth2/token"
        self._note_forgotten(requests.post(where, data=form, verify=self.live.org["ca_bundle"], timeout=PATIENCE))

    def _write(self, name: str, secret: str) -> str:
        """Keep a secret where the configuration of the other tests refers to, too; the first that was there."""
        path = self.live.folder / name
        facts = json.loads(path.read_text())
        self.secrets += [facts["client_secret"], secret]
        path.write_text(json.dumps({**facts, "client_secret": secret}))
        return str((self.live.clm if name == "clm.json" else self.live.org)["client_secret"])

    def _note_forgotten(self, answer: requests.Response) -> None:
        if answer.status_code != 200:
            self.forgotten.append(answer.status_code)

    def count_replaced_hooks(self) -> int:
        state = State(self.live.folder / "sync.sqlite")
        try:
            return sum(entry.kind == "webhook key replaced" for entry in state.read_audit())
        finally:
            state.close()

    def check_nothing_lost_nothing_doubled(self) -> None:
        assert self.live.sync("sync", "run")[1]["stopped"] == ""
        check_nothing_lost_nothing_doubled(self.live)
        state = State(self.live.folder / "sync.sqlite")
        told = state.database.execute("SELECT count(*), count(DISTINCT event_id) FROM event WHERE source = 'clm'")
        state.close()
        feed = self.live.call_clm("GET", "/api/v1/changes?limit=1000")["changes"]
        assert told == [(len(feed), len(feed))]

    def check_no_secret_is_told(self, output: bytes) -> None:
        written = [self.live.folder.glob("sync.sqlite*"), self.live.folder.glob("rotation.jsonl")]
        texts = [output, *(path.read_bytes() for paths in written for path in paths)]
        assert len(texts) > 2
        assert [one for one in self.secrets if any(one.encode() in text for text in texts)] == []
        assert len(set(self.secrets)) == 10
