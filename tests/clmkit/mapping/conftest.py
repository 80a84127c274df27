"""Rule fragments as test cases: a fragment is laid over the small valid spec in base.yml.

A fragment's mappings are merged, other values replace, and the word `absent` removes a key. `generate:` stands for what would be
long to write out: a value map with many values, an object with many fields or parents, many objects that feed back. `overlay:` is
an overlay of the spec that the rest of the fragment makes.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import yaml

from clmkit.mapping.loader import Loaded, load_bytes, load_spec
from clmkit.mapping.model import Spec
from clmkit.mapping.yaml_tree import parse_tree

ROOT = Path(__file__).parents[3]
BASE = Path(__file__).with_name("base.yml")


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def shipped() -> Spec:
    loaded = load_spec(ROOT / "mappings" / "contract.yml")
    assert loaded.spec is not None, loaded.findings
    return loaded.spec


@pytest.fixture(scope="session")
def load_fragment() -> Callable[[str], Loaded]:
    """Loads the small valid spec with a fragment laid over it."""
    return _load_fragment


def _load_fragment(fragment: str) -> Loaded:
    spec = _read(BASE.read_text())
    _lay_over(spec, _read(fragment) if fragment else {})
    _generate(spec, spec.pop("generate", {}))
    overlay = spec.pop("overlay", None)
    text = yaml.safe_dump(spec, sort_keys=False).encode()
    if overlay is None:
        return load_bytes(text, "spec.yml")
    whole = {"overlay": "clmkit/v1", "base": "spec.yml", "org": "emea", "summary": "Another org."} | overlay
    return load_bytes(yaml.safe_dump(whole, sort_keys=False).encode(), "emea.yml", lambda base: (base, text))


def _read(text: str) -> dict[str, Any]:
    tree, troubles = parse_tree(text)
    assert tree is not None, troubles
    return msgspec.convert(copy.deepcopy(tree.data), dict[str, Any])


def _lay_over(spec: dict[str, Any], fragment: dict[str, Any]) -> None:
    for key, value in fragment.items():
        if value == "absent":
            spec.pop(key, None)
        elif isinstance(value, dict):
            below = spec[key] if isinstance(spec.get(key), dict) else {}
            spec[key] = below
            _lay_over(below, value)
        else:
            spec[key] = value


def _generate(spec: dict[str, Any], order: dict[str, Any]) -> None:
    if "value_map" in order:
        spec["value_maps"][order["value_map"]]["values"] = {
            f"V{index}": f"Value {index}" for index in range(order["count"])
        }
    for check in spec["objects"]["contract"].get("checks", {}).values() if "formula" in order else ():
        check["wrong_when"] = "LEN(Name) > 1".ljust(order["formula"])
    if "facts" in order:
        facts = {f"fact_{index}": {"clm": f"fact_{index}", "one_of": ["yes", "no"]} for index in range(order["facts"])}
        spec["approvals"] = {"state": "draft", "facts": facts, "rows": {"all": {"approvers": ["legal_ops"]}}}
    for index in range(order.get("objects", 0)):
        spec["objects"][f"extra_{index}"] = _object_that_feeds_back(index)
    block = spec["objects"][order["object"]] if "object" in order else {}
    for index in range(order.get("fields", 0)):
        given = {key: copy.deepcopy(value) for key, value in order.items() if key not in ("object", "fields")}
        whole = {"clm": f"extra_{index}", "field": f"CLM_Extra_{index}__c", "description": "Extra."} | given
        block["fields"][f"extra_{index}"] = {key: value for key, value in whole.items() if value != "none"}
    if "checks" in order:
        rule = {"wrong_when": "LEN(Name) > 1", "message": "No."}
        block["checks"] = {f"check_{index}": dict(rule) for index in range(order["checks"])}
    if "shares" in order:
        share = {"label": "A group", "group": "Finance", "where": [{"field": "product", "is": "A"}]}
        block["shares"] = {f"share_{index}": copy.deepcopy(share) for index in range(order["shares"])}
    for index in range(order.get("parents", 0)):
        block["parents"][f"extra_{index}"] = {
            "clm": f"extra_{index}", "field": f"CLM_Extra_{index}__c", "match": "Contract.CLM_Id__c", "missing": "park_value",
        }  # fmt: skip


def _object_that_feeds_back(index: int) -> dict[str, Any]:
    return {
        "clm": "agreements",
        "salesforce": f"CLM_Extra_{index}__c",
        "key": {"clm": "id", "field": "CLM_Id__c", "case_sensitive": True},
        "version": {"clm": "revision", "field": "CLM_Version__c"},
        "record_name": {"label": "Number", "format": "{0}"},
        "fields": {
            "note": {
                "clm": f"note_{index}",
                "field": "Note__c",
                "type": "text",
                "owner": "salesforce",
                "description": "Note.",
            }
        },
    }
