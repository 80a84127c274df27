"""A deploy into a twin without sockets, for tests of what deployed components do."""

from __future__ import annotations

from collections.abc import Mapping

from tests.orgtwin.metadata.conftest import Members, package_of

from orgtwin.http.in_process import InProcess
from orgtwin.metadata.deploy_model import DeployJob, DeployOptions, DeployStatus
from orgtwin.metadata.service import MetadataService
from orgtwin.seed import administrator

V = "/services/data/v66.0"


def deploy(client: InProcess, files: Mapping[str, str], members: Members) -> DeployJob:
    """Carry out a deploy; what became of it."""
    twin = client.application.twin
    options = DeployOptions(single_package=True, ignore_warnings=True)
    return twin.part(MetadataService).deploy_files(administrator(twin.org), package_of(files, members), options)


def deploy_well(client: InProcess, files: Mapping[str, str], members: Members) -> None:
    job = deploy(client, files, members)
    assert job.outcome is not None
    assert [message.problem for message in job.outcome.failures] == []
    assert job.status is DeployStatus.SUCCEEDED


def problems(client: InProcess, files: Mapping[str, str], members: Members) -> list[str | None]:
    job = deploy(client, files, members)
    assert job.outcome is not None
    return [message.problem for message in job.outcome.failures]
