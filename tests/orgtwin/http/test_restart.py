"""What clients wait for, of an org in a directory: there again when it is opened again, whatever happened in between."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from orgtwin.http.app import Application
from orgtwin.http.in_process import InProcess
from orgtwin.http.latency import Latency
from orgtwin.http.start import start_twin
from orgtwin.http.surfaces import ROUTES
from orgtwin.http.unfinished_jobs import unfinished_work
from orgtwin.metadata.archive import write_archive
from orgtwin.metadata.deploy_model import DeployOptions, TestLevel
from orgtwin.metadata.service import MetadataService

V = "/services/data/v66.0"
JOBS = "/services/async/66.0/job"
PACKAGE = '<Package xmlns="http://soap.sforce.com/2006/04/metadata"><version>66.0</version>{}</Package>'
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@contextmanager
def opened(data: Path, moment: datetime = NOW) -> Iterator[InProcess]:
    """The org of a directory, until it is stopped between two steps, as a kill would."""
    started = start_twin(data=data, clock=lambda: moment)
    yield InProcess(Application(started.twin, ROUTES), started.access_token)
    started.twin.house.close()


def go_on(client: InProcess) -> None:
    for work in unfinished_work(client.application.twin):
        for _pause in work:
            pass


def names(client: InProcess) -> list[str]:
    return [row["Name"] for row in client.get(f"{V}/query?q=SELECT Name FROM Account ORDER BY Name").json()["records"]]


def ingest(client: InProcess, content: str) -> str:
    """A job with its upload."""
    created = client.post(f"{V}/jobs/ingest", {"object": "Account", "operation": "insert"}).json()
    client.request("PUT", f"/{created['contentUrl']}", body=content.encode())
    return str(created["id"])


def start(client: InProcess, job_id: str, steps: int) -> None:
    """Declare the upload complete and stop after some chunks of what is left to do after the answer."""
    response, _ = client.send("PATCH", f"{V}/jobs/ingest/{job_id}", json={"state": "UploadComplete"})
    for _chunk, _pause in zip(range(steps), response.afterwards or (), strict=False):
        pass


def results(client: InProcess, job_id: str) -> list[list[str]]:
    kinds = ("successfulResults", "failedResults", "unprocessedrecords")
    return [client.get(f"{V}/jobs/ingest/{job_id}/{kind}").text.splitlines()[1:] for kind in kinds]


def test_an_upload_waits_for_its_job_to_be_started(tmp_path: Path) -> None:
    with opened(tmp_path) as client:
        job_id = ingest(client, "Name\nAcme\n")
    with opened(tmp_path) as client:
        go_on(client)
        waiting = client.get(f"{V}/jobs/ingest/{job_id}").json()["state"]
        client.patch(f"{V}/jobs/ingest/{job_id}", {"state": "UploadComplete"})
        assert (waiting, names(client)) == ("Open", ["Acme"])


def test_results_of_a_job_are_told_the_same_before_and_after(tmp_path: Path) -> None:
    with opened(tmp_path) as client:
        job_id = ingest(client, "Name,NumberOfEmployees\nAcme,1\n,2\nBolt,x\n")
        client.patch(f"{V}/jobs/ingest/{job_id}", {"state": "UploadComplete"})
        told, shown = results(client, job_id), client.get(f"{V}/jobs/ingest/{job_id}").json()
    with opened(tmp_path) as client:
        go_on(client)
        assert (results(client, job_id), client.get(f"{V}/jobs/ingest/{job_id}").json()) == (told, shown)
        assert [len(rows) for rows in told] == [1, 2, 0]


@pytest.mark.parametrize("steps", [0, 3])
def test_an_interrupted_job_goes_on_behind_its_last_row(tmp_path: Path, steps: int) -> None:
    expected = [f"{number:05}" for number in range(3_300)]
    with opened(tmp_path) as client:
        job_id = ingest(client, "\n".join(["Name", *expected, ""]))
        start(client, job_id, steps)
        saved = client.get(f"{V}/query?q=SELECT COUNT() FROM Account").json()["totalSize"]
    with opened(tmp_path) as client:
        before = client.get(f"{V}/jobs/ingest/{job_id}").json()
        go_on(client)
        after = client.get(f"{V}/jobs/ingest/{job_id}").json()
        succeeded, failed, unprocessed = results(client, job_id)
        there = client.get(f"{V}/query?q=SELECT COUNT(), COUNT_DISTINCT(Name) FROM Account")
        assert there.status == 400  # COUNT() stands alone
        counted = client.get(f"{V}/query?q=SELECT COUNT(Id) n, COUNT_DISTINCT(Name) d FROM Account").json()["records"][
            0
        ]
    assert (before["state"], before["numberRecordsProcessed"]) == ("InProgress", saved)
    assert (saved, after["state"], after["numberRecordsProcessed"]) == (2_000 + 200 * steps, "JobComplete", 3_300)
    assert (counted["n"], counted["d"]) == (3_300, 3_300)
    assert (len(succeeded), failed, unprocessed) == (3_300, [], [])


def test_a_long_upload_and_its_outcomes_are_files_that_go_with_the_job(tmp_path: Path) -> None:
    with opened(tmp_path) as client:
        job_id = ingest(client, "Name,Description\n" + f"Acme,{'x' * 30_000}\n" * 10)
        client.patch(f"{V}/jobs/ingest/{job_id}", {"state": "UploadComplete"})
    files = sorted(file.name for file in (tmp_path / "jobs").iterdir())
    with opened(tmp_path) as client:
        assert len(results(client, job_id)[0]) == 10
        assert client.delete(f"{V}/jobs/ingest/{job_id}").status == 204
    assert files == [f"{job_id}.outcomes", f"{job_id}.upload"]
    assert list((tmp_path / "jobs").iterdir()) == []
    with opened(tmp_path) as client:
        assert client.get(f"{V}/jobs/ingest/{job_id}").status == 404


def test_jobs_outlive_a_journal_that_is_rewritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orgtwin.data_directory.COMPACT_ABOVE", 1)
    with opened(tmp_path) as client:
        job_id = ingest(client, "Name\nAcme\n")
        client.patch(f"{V}/jobs/ingest/{job_id}", {"state": "UploadComplete"})
        told = results(client, job_id)
    for _time in range(2):
        with opened(tmp_path) as client:
            assert results(client, job_id) == told


def pages(client: InProcess, job_id: str) -> list[str]:
    """Every page of a query's results, by its locators."""
    shown, locator = [], "0"
    while locator != "null":
        page = client.get(f"{V}/jobs/query/{job_id}/results?maxRecords=2&locator={locator}")
        shown.append(page.text)
        locator = page.headers["sforce-locator"]
    return shown


def test_a_query_job_shows_what_it_found_whatever_came_later(tmp_path: Path) -> None:
    with opened(tmp_path) as client:
        first = client.post(f"{V}/sobjects/Account", {"Name": "a", "AnnualRevenue": "12.50"}).json()["id"]
        for name in "bcde":
            client.post(f"{V}/sobjects/Account", {"Name": name, "ParentId": first})
        text = "SELECT Name, AnnualRevenue, CreatedDate, Parent.Name FROM Account ORDER BY Name"
        job_id = client.post(f"{V}/jobs/query", {"operation": "query", "query": text}).json()["id"]
        told = pages(client, job_id)
        client.patch(f"{V}/sobjects/Account/{first}", {"Name": "z"})
        assert pages(client, job_id) == told
    with opened(tmp_path) as client:
        go_on(client)
        assert (pages(client, job_id), len(told)) == (told, 3)


def test_an_interrupted_query_is_run_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orgtwin.http.bulk2_query._AT_ONCE", 1)
    monkeypatch.setattr("orgtwin.http.bulk_results.PIECE", 2)
    with opened(tmp_path) as client:
        for name in "abcde":
            client.post(f"{V}/sobjects/Account", {"Name": name})
        body = {"operation": "query", "query": "SELECT Name FROM Account ORDER BY Name"}
        response, _ = client.send("POST", f"{V}/jobs/query", json=body)
        job_id = response.body.decode().partition('"id":"')[2][:18]
        running = client.get(f"{V}/jobs/query/{job_id}").json()["state"]
        early = client.get(f"{V}/jobs/query/{job_id}/results")
    with opened(tmp_path) as client:
        go_on(client)
        assert client.get(f"{V}/jobs/query/{job_id}").json()["state"] == "JobComplete"
        assert "".join(pages(client, job_id)).count("Name") == 3
    assert (running, early.status, early.json()[0]["errorCode"]) == ("InProgress", 400, "INVALIDJOBSTATE")


def batch_job(client: InProcess, operation: str, content: bytes, **headers: str) -> str:
    """A closed Bulk API 1.0 job with one batch."""
    job: Any = {"operation": operation, "object": "Account", "contentType": "JSON"}
    job_id = client.post(JOBS, job, **headers).json()["id"]
    client.request("POST", f"{JOBS}/{job_id}/batch", body=content, headers={"content-type": "application/json"})
    client.post(f"{JOBS}/{job_id}", {"state": "Closed"})
    return str(job_id)


def told_of(client: InProcess, job_id: str) -> list[object]:
    """All that the first bulk API tells of a job."""
    batches = client.get(f"{JOBS}/{job_id}/batch").json()["batchInfo"]
    told = [client.get(f"{JOBS}/{job_id}").json(), batches]
    for batch in batches:
        address = f"{JOBS}/{job_id}/batch/{batch['id']}"
        result = client.get(f"{address}/result").json()
        told += [client.get(f"{address}/request").body, result]
        told += [
            client.get(f"{address}/result/{result_id}").json() for result_id in result if isinstance(result_id, str)
        ]
    return told


def test_jobs_of_the_first_bulk_api_tell_the_same_before_and_after(tmp_path: Path) -> None:
    with opened(tmp_path) as client:
        saved = batch_job(client, "insert", b'[{"Name": "Acme"}, {"Site": "no name"}, {"Name": "Bolt"}]')
        found = batch_job(client, "query", b"SELECT Id, Name, CreatedDate, Owner.Name FROM Account")
        chunked = batch_job(client, "query", b"SELECT Name FROM Account", sforce_enable_pkchunking="chunkSize=1")
        told = [told_of(client, job_id) for job_id in (saved, found, chunked)]
    with opened(tmp_path) as client:
        go_on(client)
        assert [told_of(client, job_id) for job_id in (saved, found, chunked)] == told
        assert [len(one) for one in told] == [4, 5, 10]


def test_an_interrupted_batch_goes_on_behind_its_last_row(tmp_path: Path) -> None:
    rows = b"[" + b",".join(b'{"Name": "%05d"}' % number for number in range(500)) + b"]"
    with opened(tmp_path) as client:
        job = {"operation": "insert", "object": "Account", "contentType": "JSON"}
        job_id = client.post(JOBS, job).json()["id"]
        client.application.twin.latency = Latency(batch=1.0)
        address = f"{JOBS}/{job_id}/batch"
        response, _ = client.send("POST", address, body=rows, headers={"content-type": "application/json"})
        for _chunk, _pause in zip(range(2), response.afterwards or (), strict=False):
            pass
        assert len(names(client)) == 200
    with opened(tmp_path) as client:
        go_on(client)
        (batch,) = client.get(f"{JOBS}/{job_id}/batch").json()["batchInfo"]
        assert (batch["state"], batch["numberRecordsProcessed"]) == ("Completed", 500)
        assert names(client) == [f"{number:05}" for number in range(500)]


@pytest.mark.parametrize(("days", "status"), [(1, 200), (3, 400)])
def test_the_next_records_of_a_query_are_there_for_two_days(tmp_path: Path, days: int, status: int) -> None:
    with opened(tmp_path) as client:
        rows = [{"attributes": {"type": "Account"}, "Name": f"{number:03}"} for number in range(200)]
        client.post(f"{V}/composite/sobjects", {"records": rows})
        ids = [client.post(f"{V}/sobjects/Account", {"Name": f"20{number}"}).json()["id"] for number in range(4)]
        address = f"{V}/query?q=SELECT Name, IsDeleted FROM Account ORDER BY Name"
        first = client.get(address, sforce_query_options="batchSize=200").json()
        client.post(f"{V}/sobjects/Account", {"Name": "later"})
        client.delete(f"{V}/sobjects/Account/{ids[1]}")
        client.patch(f"{V}/sobjects/Account/{ids[2]}", {"Name": "new"})
    with opened(tmp_path, NOW + timedelta(days=days)) as client:
        twin = client.application.twin
        rest = client.get(first["nextRecordsUrl"])
        assert (rest.status, twin.org.is_kept) == (status, True)
        if status == 200:
            shown = [(row["Name"], row["IsDeleted"]) for row in rest.json()["records"]]
            assert (rest.json()["totalSize"], rest.json()["done"]) == (204, True)
            assert shown == [("200", False), ("201", True), ("new", False), ("203", False)]


def test_the_next_rows_of_computed_objects_are_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orgtwin.soql.cursors.SMALLEST_BATCH", 3)
    with opened(tmp_path) as client:
        text = "SELECT DurableId FROM EntityDefinition ORDER BY DurableId"
        first = client.get(f"{V}/tooling/query?q={text}", sforce_query_options="batchSize=3").json()
        told = client.get(first["nextRecordsUrl"]).json()
    with opened(tmp_path) as client:
        assert client.get(first["nextRecordsUrl"]).json() == told
        assert told["size"] == 3


def deploy(client: InProcess, label: str, **options: Any) -> str:
    """Deploy a custom label; the deploy's id."""
    labels = f"<labels><fullName>{label}</fullName><language>en_US</language><protected>true</protected>"
    body = (
        f'<CustomLabels xmlns="http://soap.sforce.com/2006/04/metadata">{labels}<shortDescription>l</shortDescription>'
    )
    files = {
        "package.xml": PACKAGE.format("<types><members>*</members><name>CustomLabels</name></types>").encode(),
        "labels/CustomLabels.labels": f"{body}<value>v</value></labels></CustomLabels>".encode(),
    }
    twin = client.application.twin
    service = twin.part(MetadataService)
    return service.deploy(
        twin.org.system_caller(), write_archive(files), DeployOptions(single_package=True, **options)
    ).id


def status_of(client: InProcess, deploy_id: str) -> Any:
    return client.get(f"{V}/metadata/deployRequest/{deploy_id}?includeDetails=true").json()


def labels(client: InProcess) -> list[str]:
    return [
        component.full_name
        for component in client.application.twin.part(MetadataService).components.of_type("CustomLabel")
    ]


def test_a_deploy_tells_the_same_before_and_after(tmp_path: Path) -> None:
    with opened(tmp_path) as client:
        ids = [deploy(client, "One"), deploy(client, "Two", check_only=True)]
        told = [status_of(client, deploy_id) for deploy_id in ids]
    with opened(tmp_path) as client:
        go_on(client)
        assert [status_of(client, deploy_id) for deploy_id in (ids[0][:15], ids[1])] == told
        assert labels(client) == ["One"]


def test_a_deploy_that_waits_is_carried_out_after_a_restart(tmp_path: Path) -> None:
    with opened(tmp_path) as client:
        client.application.twin.part(MetadataService).hold()
        deploy_id = deploy(client, "Held")
        cancelled = deploy(client, "Not")
        client.patch(f"{V}/metadata/deployRequest/{cancelled}", {"deployResult": {"status": "Canceling"}})
    with opened(tmp_path) as client:
        go_on(client)
        states = [status_of(client, one)["deployResult"]["status"] for one in (deploy_id, cancelled)]
        assert (states, labels(client)) == (["Succeeded", "Canceled"], ["Held"])


TEST_CLASS = b"@IsTest class LabelTest { @IsTest static void passes() { Assert.areEqual(1, 1); } }"
CLASS_META = '<ApexClass xmlns="http://soap.sforce.com/2006/04/metadata"><apiVersion>66.0</apiVersion><status>Active</status></ApexClass>'


def test_a_validation_can_be_deployed_quickly_after_a_restart(tmp_path: Path) -> None:
    with opened(tmp_path) as client:
        files = {
            "package.xml": PACKAGE.format("<types><members>LabelTest</members><name>ApexClass</name></types>").encode(),
            "classes/LabelTest.cls": TEST_CLASS,
            "classes/LabelTest.cls-meta.xml": CLASS_META.encode(),
        }
        twin = client.application.twin
        options = DeployOptions(single_package=True, check_only=True, test_level=TestLevel.RUN_LOCAL_TESTS)
        checked = twin.part(MetadataService).deploy(twin.org.system_caller(), write_archive(files), options)
        assert (checked.status.value, checked.outcome and checked.outcome.tests.run) == ("Succeeded", 1)
    with opened(tmp_path, NOW + timedelta(days=9)) as client:
        client = client.as_caller(client.application.twin.sessions.issue(*_admin(client)).token)
        answer = client.post(f"{V}/metadata/deployRequest", {"validatedDeployRequestId": checked.id})
        assert (answer.status, status_of(client, answer.json()["id"])["deployResult"]["status"]) == (201, "Succeeded")
    with opened(tmp_path, NOW + timedelta(days=9)) as client:
        client = client.as_caller(client.application.twin.sessions.issue(*_admin(client)).token)
        again = client.post(f"{V}/metadata/deployRequest", {"validatedDeployRequestId": checked.id})
        assert (again.status, again.json()[0]["errorCode"]) == (400, "INVALID_ID_FIELD")


def _admin(client: InProcess) -> tuple[str, None, tuple[str, ...], str]:
    twin = client.application.twin
    user = next(
        row
        for row in twin.org.table("User").rows()
        if twin.org.table("User").reader("Username")(row) == twin.admin_username
    )
    return str(user[0]), None, ("full",), "Admin"


def test_a_snapshot_leaves_jobs_out_and_a_reset_forgets_them(tmp_path: Path) -> None:
    with opened(tmp_path) as client:
        admin = client.as_caller(client.application.twin.admin_token)
        job_id = ingest(client, "Name\nAcme\n")
        deploy_id = deploy(client, "One")
        admin.request("PUT", "/twin/admin/snapshots/before")
        admin.post("/twin/admin/snapshots/before/restore")
        asked = [
            client.get(f"{V}/jobs/ingest/{job_id}").status,
            client.get(f"{V}/metadata/deployRequest/{deploy_id}").status,
        ]
        files = list((tmp_path / "jobs").iterdir())
        assert (asked, files, labels(client)) == ([404, 404], [], ["One"])
