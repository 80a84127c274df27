"""simple-salesforce, unmodified, over TLS: what takes more rows or looser terms than a case of ../conformance."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from simple_salesforce.api import Salesforce

from orgtwin.http.ready import ReadyFile


@pytest.fixture
def trusting(org_twin: ReadyFile, monkeypatch: pytest.MonkeyPatch) -> ReadyFile:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", org_twin.ca_bundle)
    return org_twin


@pytest.fixture
def salesforce(trusting: ReadyFile) -> Iterator[Any]:
    client = Salesforce(instance_url=trusting.https_url, session_id=trusting.access_token, version="66.0")
    yield client
    client.session.close()


def test_bulk_1_saves_rows_and_query_all_reads_every_page(salesforce: Any) -> None:
    rows = [{"Name": f"{n:05}"} for n in range(2_100)]
    results = salesforce.bulk.Account.insert([*rows, {"Name": ""}])
    found = salesforce.query_all("SELECT Name FROM Account ORDER BY Name")
    assert [result["success"] for result in results] == [True] * 2_100 + [False]
    assert results[-1]["errors"] == [
        {
            "statusCode": "REQUIRED_FIELD_MISSING",
            "message": "Required fields are missing: [Name]",
            "fields": ["Name"],
        }
    ]
    assert [row["Name"] for row in found["records"]] == [row["Name"] for row in rows]


def test_bulk_1_queries_give_times_as_milliseconds(salesforce: Any) -> None:
    salesforce.Account.create({"Name": "a"})
    row = salesforce.bulk.Account.query("SELECT Name, CreatedDate, Owner.Alias FROM Account")[0]
    assert (row["Name"], row["Owner"]["Alias"]) == ("a", "admin")
    assert isinstance(row["CreatedDate"], int)
