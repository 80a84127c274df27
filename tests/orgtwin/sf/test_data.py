"""sf data: records one by one, trees, bulk jobs."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from tests.orgtwin.sf.conftest import Sf

pytestmark = [pytest.mark.e2e, pytest.mark.node]


def test_a_record_is_created_found_changed_and_deleted(sf: Sf) -> None:
    acme = ("--sobject", "Account", "--where", "Name='Acme & Sons'")

    created = sf.run("data create record -s Account -v", "Name='Acme & Sons' Industry=Banking")
    found = sf.run("data get record", *acme)
    changed = sf.run("data update record", *acme, "--values", "Industry=Energy NumberOfEmployees=7")
    queried = sf.query("SELECT Name, Industry, NumberOfEmployees, Owner.Name, (SELECT Id FROM Contacts) FROM Account")
    deleted = sf.run("data delete record", *acme)

    assert (created["success"], found["Id"], found["Industry"]) == (True, created["id"], "Banking")
    assert (changed["id"], deleted["id"]) == (created["id"], created["id"])
    owner = queried[0].pop("Owner")
    assert owner["Name"] == "Ada Administrator"
    assert queried == [{"Name": "Acme & Sons", "Industry": "Energy", "NumberOfEmployees": 7, "Contacts": None}]


def test_a_query_that_is_refused_shows_the_words_of_the_org(sf: Sf) -> None:
    said = sf.refused("data query --query", "SELECT Nmae FROM Account")

    assert (said["name"], said["exitCode"]) == ("INVALID_FIELD", 1)
    assert said["message"] == (
        "\nSELECT Nmae FROM Account\n       ^\nERROR at Row:1:Column:8\nNo such column 'Nmae' on entity 'Account'. "
        "If you are attempting to use a custom field, be sure to append the '__c' after the custom field name. "
        "Please reference your WSDL or the describe call for the appropriate names."
    )


def test_a_tree_goes_in_and_comes_out_with_its_plan(sf: Sf) -> None:
    contact = {"attributes": {"type": "Contact", "referenceId": "leaf"}, "LastName": "Leaf"}
    account = {
        "attributes": {"type": "Account", "referenceId": "root"},
        "Name": "Root",
        "Contacts": {"records": [contact]},
    }
    sf.write("tree.json", json.dumps({"records": [account]}))

    put = sf.run("data import tree --files tree.json")
    sf.run(
        "data export tree --plan --output-dir out --query", "SELECT Name, (SELECT LastName FROM Contacts) FROM Account"
    )
    again = sf.run("data import tree --plan out/Account-Contact-plan.json")

    assert [(row["refId"], row["type"]) for row in put] == [("root", "Account"), ("leaf", "Contact")]
    assert [(row["refId"], row["type"]) for row in again] == [("AccountRef1", "Account"), ("ContactRef1", "Contact")]
    contacts = json.loads((sf.folder / "out" / "Contact.json").read_text())["records"]
    assert [(row["LastName"], row["AccountId"]) for row in contacts] == [("Leaf", "@AccountRef1")]


def test_rows_go_in_out_and_away_in_bulk(sf: Sf) -> None:
    _write_rows(
        sf.folder / "new.csv", [{"Name": "One", "Industry": "Banking"}, {"Name": "Two, Ltd", "Industry": "Energy"}]
    )
    rows_of = "--sobject Account --wait 1 --line-ending LF --file"

    imported = sf.run(f"data import bulk {rows_of} new.csv")
    query = "SELECT Id, Name, Industry FROM Account ORDER BY Name"
    exported = sf.run("data export bulk --wait 1 --result-format csv --output-file out.csv --query", query)
    rows = _read_rows(sf.folder / "out.csv")
    _write_rows(sf.folder / "changed.csv", [{"Id": row["Id"], "Industry": "Retail"} for row in rows])
    updated = sf.run(f"data update bulk {rows_of} changed.csv")
    _write_rows(sf.folder / "both.csv", [{"Id": rows[0]["Id"], "Name": "Uno"}, {"Id": "", "Name": "Three"}])
    upserted = sf.run(f"data upsert bulk --external-id Id {rows_of} both.csv")
    _write_rows(sf.folder / "ids.csv", [{"Id": row["Id"]} for row in rows])
    deleted = sf.run(f"data delete bulk {rows_of} ids.csv")

    assert [row["Name"] for row in rows] == ["One", "Two, Ltd"]
    assert exported == {"totalSize": 2, "filePath": "out.csv"}
    for answer in (imported, updated):
        assert (answer["processedRecords"], answer["successfulRecords"], answer["failedRecords"]) == (2, 2, 0)
    created = [row["sf__Created"] for row in upserted["records"]["successfulResults"]]
    assert (created, upserted["records"]["failedResults"]) == (["false", "true"], [])
    assert deleted["jobInfo"]["numberRecordsProcessed"] == 2
    assert [row["Name"] for row in sf.rows("SELECT Name FROM Account")] == ["Three"]


def _write_rows(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _read_rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
