"""The two stages of the suite."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import requests
from cumulusci.salesforce_api import metadata as cumulusci_calls
from requests.adapters import BaseAdapter
from tests.orgtwin.conformance.stage import IntoThisProcess, Stage

from orgtwin.http.app import Application
from orgtwin.http.in_process import InProcess
from orgtwin.http.ready import ReadyFile
from orgtwin.http.start import start_twin
from orgtwin.http.surfaces import ROUTES
from orgtwin.pytest_plugin import org_twin, org_twin_process

__all__ = ["org_twin", "org_twin_process"]

_HERE = "https://org.example"


@pytest.fixture
def in_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    started = start_twin()
    adapter = IntoThisProcess(InProcess(Application(started.twin, ROUTES)))
    before = requests.Session.get_adapter

    def find_adapter(session: requests.Session, url: str) -> BaseAdapter:
        return adapter if url.startswith("https:") else before(session, url)

    monkeypatch.setattr(requests.Session, "get_adapter", find_adapter)
    yield Stage(started.ready_file(pid=0, http_url="", https_url=_HERE, pubsub_endpoint="", ca_bundle=""))
    started.twin.house.close()


@pytest.fixture
def over_tls(org_twin: ReadyFile, monkeypatch: pytest.MonkeyPatch) -> Stage:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", org_twin.ca_bundle)
    monkeypatch.setenv("NO_PROXY", "*")
    return Stage(org_twin)


@pytest.fixture
def stage(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    stage: Stage = request.getfixturevalue(request.param)
    # CumulusCI and simple-salesforce wait between two looks at a job that was done at the first.
    monkeypatch.setattr(cumulusci_calls, "time", SimpleNamespace(sleep=_at_once))
    monkeypatch.setattr("simple_salesforce.bulk2.sleep", _at_once)
    monkeypatch.setattr("simple_salesforce.bulk.sleep", _at_once)
    yield stage
    stage.close()


def _at_once(_seconds: float) -> None:
    """No time passes."""
