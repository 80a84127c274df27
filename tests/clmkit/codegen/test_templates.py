"""Text of the spec inside Apex."""

from __future__ import annotations

import pytest
from jinja2 import UndefinedError

from clmkit.codegen.names import pascal
from clmkit.codegen.templates import apex_literal, render_template


@pytest.mark.parametrize(
    ("text", "literal"),
    [
        ("Legal operations", "'Legal operations'"),
        ("People's law", r"'People\'s law'"),
        ("back\\slash", r"'back\\slash'"),
        ("two\nlines", r"'two\nlines'"),
        ("'); delete [SELECT Id FROM Contract]; //", r"'\'); delete [SELECT Id FROM Contract]; //'"),
    ],
)
def test_no_text_leaves_its_literal(text: str, literal: str) -> None:
    assert apex_literal(text) == literal


def test_a_name_that_a_template_lacks_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="'banner' is undefined"):
        render_template("Trigger.trigger.j2", {})


@pytest.mark.parametrize(
    ("name", "stem"), [("contract", "Contract"), ("line_item", "LineItem"), ("sow2_part", "Sow2Part")]
)
def test_a_spec_name_becomes_an_apex_stem(name: str, stem: str) -> None:
    assert pascal(name) == stem
