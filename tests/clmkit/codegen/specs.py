"""Every spec that the project ships or tests with, by name: the shipped one, one of every field type, the templates."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from clmkit.codegen.project import plan_project
from clmkit.mapping.loader import load_bytes
from clmkit.mapping.model import Spec
from clmkit.templates.catalogue import TEMPLATES

ROOT = Path(__file__).parents[3]
SPECS = {
    "shipped": (ROOT / "mappings/contract.yml").read_text(encoding="utf-8"),
    "everything": Path(__file__).with_name("everything.yml").read_text(encoding="utf-8"),
    **{name: template.read_mapping() for name, template in TEMPLATES.items()},
}


def _metadata(root: str, **elements: str) -> bytes:
    body = "".join(f"<{name}>{value}</{name}>" for name, value in elements.items())
    return f'<{root} xmlns="http://soap.sforce.com/2006/04/metadata">{body}</{root}>'.encode()


EXTERNAL_OBJECT = {
    "package.xml": _metadata(
        "Package",
        types="<members>Erp_Order__x</members><name>CustomObject</name></types>"
        "<types><members>Erp</members><name>ExternalDataSource</name>",
        version="66.0",
    ),
    "dataSources/Erp.dataSource": _metadata(
        "ExternalDataSource",
        endpoint="https://erp.example.com/odata",
        label="Erp",
        principalType="Anonymous",
        protocol="NoAuthentication",
        type="OData4",
    ),
    "objects/Erp_Order__x.object": _metadata(
        "CustomObject",
        deploymentStatus="Deployed",
        externalDataSource="Erp",
        externalName="Orders",
        label="Order",
        pluralLabel="Orders",
    ),
}
"""A package with the external object that a lookup of `everything` leads to: the org has it before the spec comes."""


@cache
def spec_of(name: str) -> Spec:
    loaded = load_bytes(SPECS[name].encode(), f"{name}.yml")
    assert loaded.spec is not None, loaded.errors
    return loaded.spec


@cache
def project_of(name: str) -> dict[str, bytes]:
    """The files of a spec; nobody changes the dictionary."""
    return plan_project(spec_of(name)).render()
