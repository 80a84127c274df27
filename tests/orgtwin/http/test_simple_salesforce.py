"""simple-salesforce, unmodified, over TLS."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from simple_salesforce.api import Salesforce
from simple_salesforce.exceptions import (
    SalesforceExpiredSession,
    SalesforceMalformedRequest,
    SalesforceResourceNotFound,
)

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


def test_the_client_logs_in_with_client_credentials(trusting: ReadyFile) -> None:
    place = trusting.https_url.removeprefix("https://")
    client = Salesforce(
        consumer_key=trusting.client_id, consumer_secret=trusting.client_secret, domain=f"{place}/login", version="66.0"
    )
    found = client.query("SELECT Username FROM User WHERE Id = '" + trusting.integration_user_id + "'")
    client.session.close()
    assert client.sf_instance == place
    assert found["totalSize"] in (0, 1)


def test_records_are_created_read_updated_upserted_and_deleted(salesforce: Any) -> None:
    record_id = salesforce.Account.create({"Name": "Acme"})["id"]
    assert salesforce.Account.get(record_id)["Name"] == "Acme"
    assert salesforce.Account.update(record_id, {"Name": "B"}) == 204
    assert salesforce.Account.upsert(f"Id/{record_id}", {"Name": "C"}) == 200
    assert salesforce.query(f"SELECT Name FROM Account WHERE Id = '{record_id}'")["records"][0]["Name"] == "C"
    assert salesforce.Account.delete(record_id) == 204
    with pytest.raises(SalesforceResourceNotFound):
        salesforce.Account.get(record_id)


def test_refusals_become_the_clients_own_exceptions(salesforce: Any, trusting: ReadyFile) -> None:
    with pytest.raises(SalesforceMalformedRequest) as refused:
        salesforce.Account.create({})
    assert "REQUIRED_FIELD_MISSING" in str(refused.value.content)
    stranger = Salesforce(instance_url=trusting.https_url, session_id=f"{trusting.org_id}!nobody", version="66.0")
    with pytest.raises(SalesforceExpiredSession):
        stranger.query("SELECT Id FROM Account")
    stranger.session.close()


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


def test_bulk_2_saves_rows_and_tells_which_failed(salesforce: Any) -> None:
    done = salesforce.bulk2.Account.insert(records=[{"Name": "a"}, {"Name": "b"}, {"Name": "x" * 256}], wait=1)
    assert (done[0]["numberRecordsProcessed"], done[0]["numberRecordsFailed"]) == (3, 1)
    failed = salesforce.bulk2.Account.get_failed_records(done[0]["job_id"])
    assert "STRING_TOO_LONG:" in failed
    assert (
        "".join(salesforce.bulk2.Account.query("SELECT Name FROM Account ORDER BY Name", wait=1))
        == '"Name"\n"a"\n"b"\n'
    )


def test_describes_and_limits_are_there(salesforce: Any) -> None:
    names = {row["name"] for row in salesforce.describe()["sobjects"]}
    assert {"Account", "Contact", "Contract", "User"} <= names
    assert salesforce.Contract.describe()["keyPrefix"] == "800"
    assert salesforce.limits()["DailyApiRequests"]["Max"] == 15_000


def test_records_are_searched(salesforce: Any) -> None:
    salesforce.Account.create({"Name": "Quagga Ltd"})
    found = salesforce.search("FIND {quagga} IN NAME FIELDS RETURNING Account(Name)")
    assert [record["Name"] for record in found["searchRecords"]] == ["Quagga Ltd"]
    assert len(salesforce.quick_search("quagga")["searchRecords"]) == 1
