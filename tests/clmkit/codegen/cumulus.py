"""CumulusCI's own tasks in this process, against an org that is already running."""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import requests
from cumulusci.core.config import BaseProjectConfig, OrgConfig, TaskConfig, UniversalConfig
from cumulusci.core.keychain import BaseProjectKeychain
from cumulusci.tasks.bulkdata.generate_and_load_data_from_yaml import GenerateAndLoadDataFromYaml

PATIENCE = 60.0


class Door:
    """An org's REST API, as its administrator."""

    def __init__(self, ready: Path, version: str) -> None:
        self.ready = str(ready)
        self.facts: Mapping[str, str] = json.loads(ready.read_text())
        self._url = f"{self.facts['http_url']}/services/data/v{version}"
        self._headers = {"Authorization": f"Bearer {self.facts['access_token']}"}

    def get(self, path: str, **parameters: str) -> Mapping[str, Any]:
        reply = requests.get(f"{self._url}/{path}", params=parameters, headers=self._headers, timeout=PATIENCE)
        assert reply.ok, reply.text
        document: Mapping[str, Any] = reply.json()
        return document

    def find(self, soql: str) -> list[Mapping[str, Any]]:
        records: list[Mapping[str, Any]] = self.get("query", q=soql)["records"]
        return records

    def create(self, sobject: str, values: Mapping[str, object]) -> str:
        url = f"{self._url}/sobjects/{sobject}"
        reply = requests.post(url, json=values, headers=self._headers, timeout=PATIENCE)
        assert reply.ok, reply.text
        return str(reply.json()["id"])

    def change(self, sobject: str, record_id: str, values: Mapping[str, object]) -> None:
        url = f"{self._url}/sobjects/{sobject}/{record_id}"
        reply = requests.patch(url, json=values, headers=self._headers, timeout=PATIENCE)
        assert reply.ok, reply.text

    def refused(self, sobject: str, record_id: str, values: Mapping[str, object]) -> str:
        """The error code of a change that is not let through."""
        reply = requests.patch(
            f"{self._url}/sobjects/{sobject}/{record_id}", json=values, headers=self._headers, timeout=PATIENCE
        )
        return str(reply.json()[0]["errorCode"])

    def refuse_new(self, sobject: str, values: Mapping[str, object]) -> str:
        """The error code of a new record that is not let through."""
        reply = requests.post(f"{self._url}/sobjects/{sobject}", json=values, headers=self._headers, timeout=PATIENCE)
        return str(reply.json()[0]["errorCode"])

    def as_user(self, username: str) -> Door:
        """The same org as somebody else. The org twin's own address."""
        key = {"Authorization": f"Bearer {self.facts['admin_token']}"}
        url = f"{self.facts['http_url']}/twin/admin/sessions"
        reply = requests.post(url, json={"username": username}, headers=key, timeout=PATIENCE)
        assert reply.ok, reply.text
        other = copy.copy(self)
        other._headers = {"Authorization": f"Bearer {reply.json()['access_token']}"}
        return other

    def pass_time(self, moment: str) -> int:
        """Run every scheduled path and job that is due by then; how many ran. The org twin's own address."""
        url = f"{self.facts['http_url']}/twin/admin/due"
        key = {"Authorization": f"Bearer {self.facts['admin_token']}"}
        reply = requests.post(url, json={"at": moment}, headers=key, timeout=PATIENCE)
        assert reply.ok, reply.text
        return int(reply.json()["ran"])

    def assign(self, *names: str) -> None:
        """Give the administrator permission sets."""
        (me,) = self.find("SELECT Id FROM User WHERE Profile.Name = 'System Administrator'")
        for row in self.find("SELECT Id, Name FROM PermissionSet"):
            if row["Name"] in names:
                self.create("PermissionSetAssignment", {"AssigneeId": me["Id"], "PermissionSetId": row["Id"]})


def load_sample(door: Door, folder: Path, recipe: bytes, mapping: bytes, version: str) -> None:
    """`generate_and_load_from_yaml` of a recipe through a mapping file."""
    (folder / "recipe.yml").write_bytes(recipe)
    (folder / "mapping.yml").write_bytes(mapping)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REQUESTS_CA_BUNDLE", door.facts["ca_bundle"])
        patch.setenv("HOME", str(folder))
        project = BaseProjectConfig(
            UniversalConfig(),
            config={"project": {"package": {"api_version": version}}},
            repo_info={"root": str(folder), "name": "p", "url": "p", "owner": "p", "branch": "main", "commit": "p"},
        )
        project.set_keychain(BaseProjectKeychain(project, None))
        options = {"generator_yaml": str(folder / "recipe.yml"), "mapping": str(folder / "mapping.yml")}
        GenerateAndLoadDataFromYaml(project, TaskConfig({"options": options}), _KnownOrg(door, project))()


class _KnownOrg(OrgConfig):  # type: ignore[misc]  # CumulusCI is untyped
    """An org with a session that needs no renewal."""

    def __init__(self, door: Door, project: BaseProjectConfig) -> None:
        access = {name: door.facts[name] for name in ("access_token", "org_id", "username")}
        super().__init__(
            {**access, "instance_url": door.facts["https_url"]}, "twin", keychain=project.keychain, global_org=False
        )

    def refresh_oauth_token(self, *_arguments: object, **_options: object) -> None:
        return
