"""The reference page of the generated files names what is generated."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml

from clmkit.cli.generate import generate
from clmkit.codegen.apex import FRAME, NOTICE_FRAME, RENEWAL_FRAME, REQUEST_FRAME
from clmkit.codegen.project import plan_project
from clmkit.codegen.runtime import ACTIONS
from clmkit.codegen.wsdl import check_component
from clmkit.mapping.examples import EXAMPLE, EXAMPLES
from clmkit.mapping.layers import merge
from clmkit.mapping.loader import load_bytes


@pytest.fixture
def page(root: Path) -> str:
    return (root / "docs" / "reference" / "generated-files.md").read_text()


def test_every_folder_is_explained(page: str, planned: Mapping[str, bytes]) -> None:
    folders = {path.split("/")[1] for path in planned if path.startswith("generated/")}
    assert {folder for folder in folders if f"`{folder}" not in page} == set()


def test_every_class_of_the_frame_is_explained(page: str) -> None:
    frame = (*FRAME, *REQUEST_FRAME, *NOTICE_FRAME, *RENEWAL_FRAME)
    assert [name for name in frame if f"`CLM_{name}`" not in page] == []
    assert {action for action, _, _ in ACTIONS} <= set(frame)


def test_every_option_is_explained(page: str) -> None:
    options = [option for parameter in generate.params for option in parameter.opts if option.startswith("--")]
    assert options == ["--out", "--check", "--diff", "--force", "--json"]
    assert [option for option in options if option not in page] == []


def test_every_reason_that_a_program_may_read_is_listed(page: str, planned: Mapping[str, bytes]) -> None:
    messages = planned["generated/classes/CLM_Messages.cls"].decode()
    reasons = {word for line in messages.splitlines() for word in line.split("'")[1:2] if word.startswith("CLM_")}
    assert len(reasons) == 6
    assert {reason.split(":")[0] for reason in reasons if f"`{reason.split(':')[0]}:`" not in page} == set()


@pytest.mark.parametrize("block", EXAMPLES)
def test_every_example_of_the_language_generates_components_that_the_wsdl_accepts(block: str) -> None:
    whole = yaml.safe_dump(merge(yaml.safe_load(EXAMPLE), yaml.safe_load(EXAMPLES[block])), sort_keys=False)
    spec = load_bytes(whole.encode(), f"{block}.yml").spec
    assert spec is not None
    components = {path: file for path, file in plan_project(spec).render().items() if path.endswith("-meta.xml")}
    assert "generated/objects/Contract/fields/CLM_Id__c.field-meta.xml" in components
    assert [f"{path}:{found}" for path, file in components.items() for found in check_component(file)] == []
