"""Records through CumulusCI: one, grown by Snowfakery, out and in again by either API."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.orgtwin.cumulusci.conftest import Project

from orgtwin.http.ready import ReadyFile

pytestmark = pytest.mark.e2e


def test_cci_knows_the_org_and_puts_a_record_into_it(project: Project) -> None:
    about = project.run("task run insert_record --object Account --values Name:Acme")
    assert "As user: admin@orgtwin.example" in about
    assert "Account record inserted: 001" in about
    assert [row["Name"] for row in project.query("SELECT Id, Name FROM Account", "Account")] == ["Acme"]


def test_cci_gets_itself_a_new_session(tmp_path: Path, org_twin: ReadyFile) -> None:
    project = Project(tmp_path, replace(org_twin, access_token=f"{org_twin.org_id}!long.gone"))
    said = project.run("task run insert_record --object Account --values Name:Acme")
    assert "Account record inserted: 001" in said


@pytest.mark.parametrize("api", ["bulk", "rest"])
def test_what_snowfakery_grew_goes_out_and_in_again(project: Project, api: str) -> None:
    mapping = project.folder / "mapping.yml"
    mapping.write_text(mapping.read_text().replace("api: bulk", f"api: {api}"))

    said = project.run("flow run there_and_back")

    assert "Account: 6 successes, 0 errors" in said
    assert "Contact: 12 successes, 0 errors" in said
    assert "Completed flow 'there_and_back' on org twin successfully!" in said
    contacts = project.rows("SELECT LastName, Account.Name FROM Contact")
    assert len(contacts) == 12
    assert all(row["Account"]["Name"] for row in contacts)
