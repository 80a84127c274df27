"""A project whose files are mangled at random is taken or refused; nothing else happens, and what is refused leaves no trace."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
import yaml

from orgtwin.metadata.archive import write_archive
from orgtwin.metadata.deploy_model import DeployOptions
from orgtwin.metadata.manifest import Manifest
from orgtwin.metadata.service import MetadataService
from orgtwin.metadata.xml import Node, parse_document, render_document
from orgtwin.org import Org
from orgtwin.records.model import Caller

_PROJECT = yaml.safe_load((Path(__file__).parent / "cases" / "project.yml").read_text("utf-8"))
_WORDS = ("", "x", "true", "-1", "9" * 30, "Contract", "A.B", "Contract.Key__c", "..", "a" * 300, "é", "__c", "*", "0")


def _mangled(node: Node, chance: random.Random) -> Node:
    """The element with children gone, doubled, or saying something else, each one time in ten."""
    children: list[Node] = []
    for child in node.children:
        kind = chance.randrange(30)
        kept = _mangled(child, chance)
        if kind == 1 and not kept.children:
            kept = Node(kept.tag, chance.choice(_WORDS), (), kept.attributes)
        children.extend([] if kind == 0 else [kept, kept] if kind == 2 else [kept])
    return Node(node.tag, node.text, tuple(children), node.attributes)


@pytest.mark.parametrize("seed", range(6))
def test_a_mangled_project_is_taken_or_refused(
    seed: int, deploy: Any, service: MetadataService, admin: Caller, org: Org
) -> None:
    chance = random.Random(seed)  # noqa: S311 - a repeatable choice, not a secret
    assert deploy(_PROJECT["files"], _PROJECT["members"]).status.value == "Succeeded"
    manifest = {type_name: tuple(names) for type_name, names in _PROJECT["members"].items()}
    files = _retrieved(service, admin, manifest)
    for path in chance.sample([path for path in sorted(files) if path.endswith(("object", "set", "flow", "xml"))], 4):
        files[path] = render_document(_mangled(parse_document(files[path]).root, chance))
    schema, components, settings = org.schema, service.components, dict(org.settings)

    job = service.deploy(admin, write_archive(files), DeployOptions(single_package=True, ignore_warnings=True))

    assert job.outcome is not None
    if job.outcome.failures:
        assert all(message.problem for message in job.outcome.failures)
        assert (org.schema, service.components, dict(org.settings)) == (schema, components, settings)
    else:
        assert job.status.value == "Succeeded"


def _retrieved(service: MetadataService, admin: Caller, members: dict[str, tuple[str, ...]]) -> dict[str, bytes]:
    return dict(
        service.retrieved(service.start_retrieve(admin, Manifest(members), (), "66.0", single_package=True)).files
    )
