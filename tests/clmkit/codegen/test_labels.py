"""The custom labels: what the Apex says is there, fits an org, and is told apart by programs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import pytest

from clmkit.codegen.labels import FRAME_MESSAGES, RENEWAL_MESSAGE, REQUEST_MESSAGE, label_names
from clmkit.codegen.project import plan_project
from clmkit.codegen.xml import parse_component
from clmkit.mapping.loader import load_spec
from clmkit.mapping.model import Spec

EVERY_MESSAGE = (*FRAME_MESSAGES, REQUEST_MESSAGE, RENEWAL_MESSAGE)
PATH = "generated/labels/CustomLabels.labels-meta.xml"


@pytest.fixture(scope="module")
def everything() -> Spec:
    loaded = load_spec(Path(__file__).with_name("everything.yml"))
    assert loaded.spec is not None, loaded.errors
    return loaded.spec


def labels_of(files: Mapping[str, bytes]) -> set[str]:
    rows = parse_component(files[PATH])[1]["labels"]
    assert isinstance(rows, list)
    return {str(row["fullName"]) for row in rows if isinstance(row, Mapping)}


def used_in_apex(files: Mapping[str, bytes]) -> set[str]:
    text = b"".join(content for path, content in files.items() if path.endswith("_Messages.cls")).decode()
    return set(re.findall(r"System\.Label\.(\w+)", text))


def test_the_apex_uses_every_label_and_no_other(everything: Spec, spec: Spec) -> None:
    for one in (everything, spec):
        files = plan_project(one).render()
        assert used_in_apex(files) == labels_of(files) == set(label_names(one).values())


@pytest.mark.parametrize("message", EVERY_MESSAGE, ids=lambda message: message.name)
def test_a_text_fits_an_org_and_its_placeholders_survive_formatting(message: object) -> None:
    text, told = str(getattr(message, "text", "")), str(getattr(message, "told", ""))
    assert 0 < len(text) <= 1000
    assert 0 < len(told) <= 80
    assert "'" not in text
    assert re.findall(r"\{\d\}", text) == re.findall(r"\{\d\}", told)
