"""Deploys that wait, for clients that watch or cancel one."""

from __future__ import annotations

from orgtwin.http.in_process import InProcess
from orgtwin.metadata.archive import write_archive
from orgtwin.metadata.deploy_model import DeployOptions
from orgtwin.metadata.service import MetadataService

MANIFEST = b'<Package xmlns="http://soap.sforce.com/2006/04/metadata"><version>66.0</version></Package>'


def test_held_deploys_wait_until_they_are_released(org_twin_client: InProcess) -> None:
    twin = org_twin_client.application.twin
    admin = org_twin_client.as_caller(twin.admin_token)
    service, caller = twin.part(MetadataService), twin.org.system_caller()

    held = admin.post("/twin/admin/deploys/hold").status
    job = service.deploy(caller, write_archive({"package.xml": MANIFEST}), DeployOptions(single_package=True))
    waiting = job.status.value
    released = admin.post("/twin/admin/deploys/release").status

    assert (held, waiting, released, job.status.value) == (204, "Pending", 204, "Succeeded")
