"""The pages that are generated are the pages that are committed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest
import yaml

from clmkit.mapping.document import SpecDocument
from clmkit.mapping.examples import EXAMPLE, EXAMPLES, OVERLAY_EXAMPLE
from clmkit.mapping.layers import merge
from clmkit.mapping.loader import load_bytes
from clmkit.mapping.reference import PAGES_WRITTEN, write_pages
from clmkit.mapping.resolve import resolve
from clmkit.mapping.schema import build_overlay_schema, build_schema
from clmkit.mapping.shape import FORMS


@pytest.mark.parametrize(("path", "render"), PAGES_WRITTEN.items(), ids=[path.as_posix() for path in PAGES_WRITTEN])
def test_a_committed_page_is_what_the_types_and_rules_generate(
    root: Path, path: Path, render: Callable[[], str]
) -> None:
    assert (root / path).read_text(encoding="utf-8") == render(), "run: python -m clmkit.mapping.reference"


def test_the_example_of_the_reference_is_a_valid_spec() -> None:
    assert load_bytes(EXAMPLE.encode(), "example.yml").findings == ()


@pytest.mark.parametrize("block", EXAMPLES)
def test_every_example_of_a_block_is_a_valid_spec_when_laid_over_the_small_one(block: str) -> None:
    whole = merge(yaml.safe_load(EXAMPLE), yaml.safe_load(EXAMPLES[block]))
    assert load_bytes(yaml.safe_dump(whole, sort_keys=False).encode(), f"{block}.yml").findings == ()


def test_every_example_belongs_to_a_block_of_the_language() -> None:
    definitions = build_schema()["$defs"]
    assert isinstance(definitions, dict)
    assert set(EXAMPLES) <= set(definitions)


def test_the_example_of_an_overlay_is_valid_over_the_small_spec() -> None:
    loaded = load_bytes(OVERLAY_EXAMPLE.encode(), "emea.yml", lambda base: (base, EXAMPLE.encode()))
    assert loaded.findings == ()
    assert loaded.spec is not None
    assert loaded.spec.org == "emea"


def test_writing_pages_creates_what_is_missing(tmp_path: Path) -> None:
    write_pages(tmp_path)
    assert sorted(path.relative_to(tmp_path) for path in tmp_path.rglob("*.*")) == sorted(PAGES_WRITTEN)


def test_the_schema_has_no_union_that_hides_its_cause() -> None:
    assert "anyOf" not in msgspec.json.encode(build_schema()).decode()


def test_every_pattern_of_the_schema_is_explained_in_words() -> None:
    assert {*patterns(build_schema()), *patterns(build_overlay_schema())} == set(FORMS)


def patterns(schema: object) -> list[str]:
    if isinstance(schema, list):
        return [found for item in schema for found in patterns(item)]
    if not isinstance(schema, dict):
        return []
    below = [found for value in schema.values() for found in patterns(value)]
    return [schema["pattern"], *below] if isinstance(schema.get("pattern"), str) else below


def test_the_schema_accepts_the_shipped_mapping_as_any_yaml_reader_sees_it(root: Path) -> None:
    data: Any = yaml.safe_load((root / "mappings" / "contract.yml").read_text())
    assert jsonschema_rs.is_valid(build_schema(), data)


def test_a_spec_that_fits_the_schema_fits_the_types(root: Path) -> None:
    data = yaml.safe_load((root / "mappings" / "contract.yml").read_text())
    assert [mapping.name for mapping in resolve(msgspec.convert(data, SpecDocument)).objects][:2] == [
        "account",
        "contact",
    ]
