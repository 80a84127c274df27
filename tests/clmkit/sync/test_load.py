"""Rows at volume: each ends in Salesforce or in a dead letter, whatever ends the process, and at most one range is sent twice."""

import asyncio
import contextlib
import csv
import io
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from tests.clmkit.sync.postgres import wait_until_gone

from clmkit.clients import bulk
from clmkit.clients.errors import Refused
from clmkit.clients.transport import Content
from clmkit.sync.database import Target
from clmkit.sync.load import Loader, LoadError, LoadReport
from clmkit.sync.load_halving import ATTEMPTS
from clmkit.sync.state import State

HEADER = ["CLM_Id__c", "CLM_Title__c", "Account.CLM_Party_Id__c"]
ROWS = 10_500
PER_JOB = 2_000


class Killed(BaseException):
    """The process is gone."""


@dataclass
class Job:
    state: str = "Open"
    rows: list[list[str]] = field(default_factory=list)
    failed: dict[str, bulk.Verdict] = field(default_factory=dict)


@dataclass
class BulkFake:
    """Bulk API 2.0 in memory. `strike` is called with the name of each request before it is carried out and after."""

    jobs: dict[str, Job] = field(default_factory=dict)
    saved: dict[str, str] = field(default_factory=dict)
    refuse: set[str] = field(default_factory=set)
    poison: set[str] = field(default_factory=set)
    """Rows with which every job is given up."""
    fail_first: int = 0
    strike: Callable[[str], None] = lambda name: None

    async def create_job(self, sobject: str, key_field: str) -> str:
        self.strike("before create")
        job_id = f"750{len(self.jobs):03d}"
        self.jobs[job_id] = Job()
        self.strike("after create")
        return job_id

    async def upload_job(self, job_id: str, content: bytes | Content) -> None:
        self.strike("before upload")
        assert not isinstance(content, bytes)
        text = b"".join([part async for part in content()]).decode()
        job = self.jobs[job_id]
        job.rows = list(csv.reader(io.StringIO(text, newline="")))[1:]
        self.strike("after upload")
        self.strike("before close")
        job.state = "UploadComplete"
        self.strike("after close")

    async def abort_job(self, job_id: str) -> None:
        self.jobs[job_id].state = "Aborted"

    async def get_job(self, job_id: str) -> bulk.Job:
        if job_id not in self.jobs:
            raise Refused("GET", 404, "NOT_FOUND", "no such job")
        return bulk.Job(job_id, self.jobs[job_id].state)

    async def finish_job(self, job_id: str, rows: int) -> bulk.Job:
        self.strike("before finish")
        job = self.jobs[job_id]
        assert (job.state, len(job.rows)) == ("UploadComplete", rows)
        if self.fail_first:
            self.fail_first -= 1
            return bulk.Job(job_id, "Failed", errorMessage="InvalidBatch : no")
        if self.poison.intersection(key for key, _, _ in job.rows):
            return bulk.Job(job_id, "Failed", errorMessage="InternalServerError : no answer in time")
        for key, title, _ in job.rows:
            if key in self.refuse:
                job.failed[key] = bulk.Verdict("", created=False, code="STRING_TOO_LONG", message="Title: too long")
            else:
                self.saved[key] = title
        self.strike("after finish")
        return bulk.Job(job_id, "JobComplete", len(job.failed), len(job.rows))

    async def read_saved(self, job_id: str, key_field: str) -> dict[str, bulk.Verdict]:
        raise AssertionError("nobody asks for what was saved")

    async def read_failed(self, job_id: str, key_field: str) -> dict[str, bulk.Verdict]:
        self.strike("before failures")
        self.strike("after failures")
        return self.jobs[job_id].failed


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "rows.csv"
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows([f"AGR-{n}", f'Title "{n}",\nsecond line', "PTY-1"] for n in range(ROWS))
    return path


def load(target: Target, org: BulkFake, source: Path, worker: str = "first") -> LoadReport:
    state = State(target)
    try:
        loader = Loader(state, org, lambda: "2026-11-22T00:00:00Z", lambda: 0.0, worker, "legal_ops", PER_JOB)
        return asyncio.run(loader.run("history", "Contract", "CLM_Id__c", source))
    finally:
        state.close()


def test_every_row_is_saved_in_jobs_of_a_bounded_size(target: Target, source: Path) -> None:
    org = BulkFake()
    assert load(target, org, source) == LoadReport(ROWS, ROWS, 0, 6)
    assert org.saved == {f"AGR-{n}": f'Title "{n}",\nsecond line' for n in range(ROWS)}
    assert sorted(len(job.rows) for job in org.jobs.values()) == [500, *[PER_JOB] * 5]


def test_what_salesforce_refuses_is_a_dead_letter_with_its_reason(target: Target, source: Path) -> None:
    org = BulkFake(refuse={"AGR-7", "AGR-9999"})
    assert load(target, org, source) == LoadReport(ROWS, ROWS - 2, 2, 6)
    state = State(target)
    reason = (
        "The text is longer than the Salesforce field. Shorten it in the CLM or widen the field."
        " (STRING_TOO_LONG: Title: too long)"
    )
    assert {(row.key, row.steward, row.reason) for row in state.read_parked()} == {
        ("AGR-7", "legal_ops", reason),
        ("AGR-9999", "legal_ops", reason),
    }
    state.close()


def test_rows_that_no_job_survives_are_found_by_halves_and_the_others_are_saved(target: Target, source: Path) -> None:
    org = BulkFake(refuse={"AGR-1"}, poison={"AGR-7", "AGR-1999"})
    report = load(target, org, source)
    assert (report.rows, report.saved, report.refused) == (ROWS, ROWS - 3, 3)
    assert org.saved.keys() == {f"AGR-{n}" for n in range(ROWS)} - org.refuse - org.poison
    assert report.jobs == len(org.jobs) <= 6 + 2 * (2 * 11 + ATTEMPTS)
    state = State(target)
    told = {row.key: row.reason for row in state.read_parked()}
    state.close()
    assert told.keys() == org.refuse | org.poison
    assert told["AGR-7"] == told["AGR-1999"]
    assert told["AGR-7"].endswith("(InternalServerError: no answer in time)")


def test_a_load_that_is_done_is_not_sent_again(target: Target, source: Path) -> None:
    org = BulkFake()
    load(target, org, source)
    assert load(target, org, source) == LoadReport(ROWS, ROWS, 0, 0)


def die() -> None:
    raise Killed


STEPS = ("create", "upload", "close", "finish", "failures")
POINTS = [f"{when} {step}" for step in STEPS for when in ("before", "after")]


@pytest.mark.parametrize("place", [1, 2, 5])
@pytest.mark.parametrize("point", POINTS)
def test_a_load_that_is_killed_goes_on_and_sends_at_most_what_was_under_way_again(
    tmp_path: Path, source: Path, point: str, place: int
) -> None:
    org = BulkFake(refuse={f"AGR-{n}" for n in range(0, ROWS, 1000)})
    seen: list[str] = []

    def strike(name: str) -> None:
        seen.append(name)
        if name == point and seen.count(point) == place:
            raise Killed

    org.strike = strike
    target = tmp_path / "sync.sqlite"
    with pytest.raises(Killed):
        load(target, org, source)
    org.strike = lambda name: None
    report = load(target, org, source, "second")
    assert (report.rows, report.refused) == (ROWS, len(org.refuse))
    assert set(org.saved) == {f"AGR-{n}" for n in range(ROWS)} - org.refuse
    sent = sum(len(job.rows) for job in org.jobs.values() if job.state == "UploadComplete")
    assert sent <= ROWS + 2 * PER_JOB


def test_the_lease_of_a_worker_that_is_gone_is_taken_over_at_once(target: Target, source: Path) -> None:
    org = BulkFake()
    org.strike = lambda name: die() if name == "after close" else None
    with pytest.raises(Killed):
        load(target, org, source)
    org.strike = lambda name: None
    with contextlib.closing(State(target)) as state:
        wait_until_gone(state.database, "first")
    assert load(target, org, source, "second").rows == ROWS
    assert len(org.jobs) == 6


def test_a_job_that_salesforce_gave_up_is_made_anew(target: Target, source: Path) -> None:
    assert load(target, BulkFake(fail_first=2), source).saved == ROWS


def test_a_job_that_salesforce_gives_up_again_and_again_ends_the_load_in_its_words(
    tmp_path: Path, source: Path
) -> None:
    with pytest.raises(Refused, match=r"Salesforce bulk job 750.* for Contract answered 200 InvalidBatch: no"):
        load(tmp_path / "sync.sqlite", BulkFake(fail_first=99), source)


# rows of the file, what is said
BAD_FILES = [
    ([["CLM_Title__c"], ["a"]], "The file has no column CLM_Id__c; without it no row can be told from another."),
    ([["CLM_Id__c", "CLM_Title__c"], ["a", "b"], ["c"]], "Row 2 has 1 cells, the header has 2."),
]


@pytest.mark.parametrize(("rows", "words"), BAD_FILES)
def test_a_file_that_does_not_fit_is_refused_in_words(tmp_path: Path, rows: list[list[str]], words: str) -> None:
    path = tmp_path / "bad.csv"
    path.write_text("\n".join(",".join(row) for row in rows))
    with pytest.raises(LoadError, match=f"^{words}$"):
        load(tmp_path / "sync.sqlite", BulkFake(), path)


def test_a_load_keeps_its_columns(tmp_path: Path, source: Path) -> None:
    target = tmp_path / "sync.sqlite"
    load(target, BulkFake(), source)
    other = tmp_path / "other.csv"
    other.write_text("CLM_Id__c\nAGR-1\n")
    with pytest.raises(
        LoadError, match=r"^The load 'history' was begun with other columns or for Contract; give this one"
    ):
        load(target, BulkFake(), other)
