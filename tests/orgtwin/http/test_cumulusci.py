"""CumulusCI, unmodified, as its own processes: fresh HOME, its key chain, our certificate."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from orgtwin.http.client_commands import environment
from orgtwin.http.ready import ReadyFile

CCI = Path(sys.executable).with_name("cci")
PROJECT = """\
minimum_cumulusci_version: '4.10.0'
project:
    name: Twin
    package: {name: Twin, api_version: '66.0'}
    git: {default_branch: main}
    source_format: mdapi
"""
RECIPE = """\
- object: Account
  nickname: company
  count: 3
  fields: {Name: {fake: company}}
  friends:
    - object: Contact
      count: 2
      fields: {LastName: {fake: last_name}, AccountId: {reference: company}}
"""
MAPPING = """\
Accounts: {sf_object: Account, api: bulk, fields: {Name: Name}}
Contacts: {sf_object: Contact, api: bulk, fields: {LastName: LastName}, lookups: {AccountId: {table: Account}}}
"""


class Project:
    """A CumulusCI project in a folder of its own, pointed at a running twin."""

    def __init__(self, folder: Path, ready: ReadyFile) -> None:
        self.folder = folder / "project"
        home = folder / "home"
        (home / ".cumulusci").mkdir(parents=True)
        # A time in the far future: CumulusCI looks for newer versions of itself after it.
        (home / ".cumulusci" / "cumulus_timestamp").write_text("9999999999")
        for part in (".git/objects", ".git/refs", "datasets"):
            (self.folder / part).mkdir(parents=True)
        (self.folder / ".git/HEAD").write_text("ref: refs/heads/main\n")
        (self.folder / ".git/config").write_text("[core]\n\trepositoryformatversion = 0\n")
        for name, text in (("cumulusci.yml", PROJECT), ("recipe.yml", RECIPE), ("mapping.yml", MAPPING)):
            (self.folder / name).write_text(text)
        self._environment = {
            "HOME": str(home),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
            "COLUMNS": "200",
            **environment(ready),
        }

    def run(self, *arguments: str) -> str:
        """What cci said; fails the test when it did not end well."""
        command = [str(CCI), *arguments, "--org", "twin"]
        done = subprocess.run(
            command, cwd=self.folder, env=self._environment, capture_output=True, text=True, timeout=120, check=False
        )
        said = done.stdout + done.stderr
        assert done.returncode == 0, said
        return said

    def query(self, text: str, name: str) -> list[dict[str, str]]:
        self.run("task", "run", "query", "--object", name, "--query", text, "--result_file", "out.csv")
        with (self.folder / "out.csv").open(newline="") as file:
            return list(csv.DictReader(file))


@pytest.fixture
def project(tmp_path: Path, org_twin: ReadyFile) -> Project:
    return Project(tmp_path, org_twin)


def test_cci_knows_the_org_and_puts_a_record_into_it(project: Project) -> None:
    about = project.run("task", "run", "insert_record", "--object", "Account", "--values", "Name:Acme")
    assert "As user: admin@orgtwin.example" in about
    assert "Account record inserted: 001" in about
    assert [row["Name"] for row in project.query("SELECT Id, Name FROM Account", "Account")] == ["Acme"]


def test_cci_gets_itself_a_new_session(tmp_path: Path, org_twin: ReadyFile) -> None:
    project = Project(tmp_path, replace(org_twin, access_token=f"{org_twin.org_id}!long.gone"))
    said = project.run("task", "run", "insert_record", "--object", "Account", "--values", "Name:Acme")
    assert "Account record inserted: 001" in said


def test_snowfakery_data_goes_in_by_rest_and_out_and_in_again_by_bulk(project: Project) -> None:
    grown = project.run("task", "run", "snowfakery", "--recipe", "recipe.yml", "--run_until_recipe_repeated", "2")
    assert "Account: 6 successes, 0 errors" in grown
    assert "Contact: 12 successes, 0 errors" in grown
    project.run("task", "run", "extract_dataset", "--mapping", "mapping.yml", "--sql_path", "out.sql")
    project.run("task", "run", "delete_data", "--objects", "Contact,Account")
    project.run("task", "run", "load_dataset", "--mapping", "mapping.yml", "--sql_path", "out.sql")
    contacts = project.query("SELECT LastName, Account.Name FROM Contact", "Contact")
    assert len(contacts) == 12
    assert all(row["Account.Name"] for row in contacts)
