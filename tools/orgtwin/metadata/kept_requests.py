"""Deploys and retrieves of an org that is kept in a directory: whoever asks for one by its id finds it after a restart.

Each is a file beside the org's journal. A deploy keeps its zip only while it may be carried out: as long as it waits, or when it
was a validation that may be deployed. Deploys are forgotten after thirty days, retrieves with them. Source: "Monitor Deployments"
(Salesforce Help) lists deployments of thirty days.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import msgspec

from orgtwin.metadata.component import Component
from orgtwin.metadata.deploy_model import DeployJob
from orgtwin.metadata.retrieve import FileProperties, Retrieved
from orgtwin.metadata.xml import Node
from orgtwin.organization import Organization

_DEPLOY, _RETRIEVE = "deploy", "retrieve"
_LIVES_FOR = timedelta(days=30)
_NO_BODY = Node("")

_encode = msgspec.msgpack.Encoder().encode
_decode_deploy = msgspec.msgpack.Decoder(DeployJob).decode
_decode_retrieved = msgspec.msgpack.Decoder(Retrieved).decode


class _Entry(msgspec.Struct, frozen=True):
    created_date: datetime
    waits: bool = False
    has_deployed: bool = False


class KeptRequests:
    """Between the service and the directory; an org in memory has nothing here."""

    def __init__(self, org: Organization) -> None:
        self._kept = org.kept_jobs
        self._deploys = self._kept.of_kind(_DEPLOY, _Entry)
        self._retrieves = self._kept.of_kind(_RETRIEVE, _Entry)

    def put_deploy(self, job: DeployJob) -> None:
        """Keep a deploy as it stands now."""
        if not self._kept.is_kept:
            return
        self._forget_before(job.created_date - _LIVES_FOR)
        waits = not job.status.is_final
        self._kept.write_file(f"{job.id}.deploy", _encode(job if waits or job.options.check_only else _slim(job)))
        self._deploys[job.id] = _Entry(job.created_date, waits, job.has_deployed)
        self._kept.put(_DEPLOY, job.id, self._deploys[job.id])

    def find_deploy(self, job_id: str) -> DeployJob | None:
        return _decode_deploy(self._kept.read_file(f"{job_id}.deploy")) if job_id in self._deploys else None

    def waiting(self) -> list[str]:
        """The ids of deploys that nobody has carried out, oldest first."""
        return [job_id for job_id, entry in self._deploys.items() if entry.waits]

    def deployed(self) -> list[str]:
        """The ids of deploys that changed the org."""
        return [job_id for job_id, entry in self._deploys.items() if entry.has_deployed]

    def put_retrieve(self, retrieve_id: str, result: Retrieved, moment: datetime) -> None:
        if not self._kept.is_kept:
            return
        shown = [FileProperties(_shown(row.component), row.file_name) for row in result.properties]
        self._kept.write_file(f"{retrieve_id}.retrieve", _encode(replace(result, properties=shown)))
        self._retrieves[retrieve_id] = _Entry(moment)
        self._kept.put(_RETRIEVE, retrieve_id, self._retrieves[retrieve_id])

    def find_retrieve(self, retrieve_id: str) -> Retrieved | None:
        if retrieve_id not in self._retrieves:
            return None
        return _decode_retrieved(self._kept.read_file(f"{retrieve_id}.retrieve"))

    def _forget_before(self, limit: datetime) -> None:
        for kind, entries in ((_DEPLOY, self._deploys), (_RETRIEVE, self._retrieves)):
            for key in [key for key, entry in entries.items() if entry.created_date < limit]:
                del entries[key]
                self._kept.drop(kind, key)


def _slim(job: DeployJob) -> DeployJob:
    return replace(job, zip_file=b"")


def _shown(component: Component) -> Component:
    """What file properties tell of a component."""
    return replace(component, body=_NO_BODY, content=None, files={})
