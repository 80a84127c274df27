"""An org with its Metadata API, and a short way to deploy: bodies without namespace, a manifest made from member names."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, Protocol

import pytest

from orgtwin.metadata.archive import write_archive
from orgtwin.metadata.deploy_model import DeployJob, DeployOptions
from orgtwin.metadata.service import MetadataService
from orgtwin.org import Org
from orgtwin.pytest_plugin import org_twin, org_twin_client, org_twin_process
from orgtwin.records.model import Caller
from orgtwin.seed import administrator, new_org

__all__ = ["org_twin", "org_twin_client", "org_twin_process"]

_NAMESPACES = (
    'xmlns="http://soap.sforce.com/2006/04/metadata" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
    'xmlns:xsd="http://www.w3.org/2001/XMLSchema"'
)
Members = Mapping[str, Sequence[str]]


def as_xml(body: str) -> bytes:
    """The body with the namespaces of a metadata file on its root; other text as it is."""
    return re.sub(r"^<([A-Z]\w*)(?=[\s/>])", rf"<\1 {_NAMESPACES}", body, count=1).encode()


def manifest(members: Members, version: str = "66.0", package: str = "") -> bytes:
    types = "".join(
        f"<types>{''.join(f'<members>{name}</members>' for name in names)}<name>{type_name}</name></types>"
        for type_name, names in members.items()
    )
    name = f"<fullName>{package}</fullName>" if package else ""
    return as_xml(f"<Package>{name}{types}<version>{version}</version></Package>")


class Deploy(Protocol):
    def __call__(
        self, files: Mapping[str, str | bytes], members: Members | None = None, **options: Any
    ) -> DeployJob: ...


def package_of(files: Mapping[str, str | bytes], members: Members | None) -> dict[str, bytes]:
    """The files of a zip; `members` None when the files bring their own manifest."""
    whole = {path: as_xml(body) if isinstance(body, str) else body for path, body in files.items()}
    if members is not None:
        whole["package.xml"] = manifest(members)
    return whole


@pytest.fixture
def org() -> Org:
    return new_org(lambda: datetime(2026, 3, 1, 12, 0, tzinfo=UTC))


@pytest.fixture
def service(org: Org) -> MetadataService:
    return MetadataService(org)


@pytest.fixture
def admin(org: Org) -> Caller:
    return administrator(org)


@pytest.fixture
def deploy(service: MetadataService, admin: Caller) -> Deploy:
    def run(files: Mapping[str, str | bytes], members: Members | None = None, **options: Any) -> DeployJob:
        given = {"single_package": True, "ignore_warnings": True, **options}
        return service.deploy(admin, write_archive(package_of(files, members)), DeployOptions(**given))

    return run
