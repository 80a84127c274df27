"""What CumulusCI's own calls of the Metadata API ask of the task that makes them, and a package as they hold it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from types import SimpleNamespace

from orgtwin.http.ready import ReadyFile
from orgtwin.metadata.archive import write_archive

_NAMESPACES = (
    'xmlns="http://soap.sforce.com/2006/04/metadata" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
)


def task_for(ready: ReadyFile, access_token: str, logger: object) -> SimpleNamespace:
    """A task that works on the twin for whoever has the token."""
    org = SimpleNamespace(
        access_token=access_token,
        instance_url=ready.https_url,
        org_id=ready.org_id,
        refresh_token=None,
        org_type="Developer Edition",
        is_sandbox=False,
    )
    project = SimpleNamespace(project__package__api_version="66.0")
    return SimpleNamespace(org_config=org, project_config=project, logger=logger)


def zip_of(files: Mapping[str, str]) -> str:
    """The files zipped, in base 64."""
    return b64encode(write_archive({path: _with_namespaces(body).encode() for path, body in files.items()})).decode()


def _with_namespaces(body: str) -> str:
    """A component's first tag names the namespaces; code has none."""
    if not body.startswith("<"):
        return body
    end = min(body.index(mark) for mark in " />\n" if mark in body)
    return f"{body[:end]} {_NAMESPACES}{body[end:]}"
