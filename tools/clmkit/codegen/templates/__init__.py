"""The Apex templates and the one environment that renders them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template


@cache
def _get_environment() -> Environment:
    return Environment(
        loader=PackageLoader("clmkit.codegen", "templates"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701 - the output is Apex; strings go through the `apex` filter
    )


@cache
def _get_template(name: str) -> Template:
    environment = _get_environment()
    environment.filters["apex"] = apex_literal
    return environment.get_template(name)


def render_template(name: str, values: Mapping[str, object]) -> str:
    """The template filled; a name that the template uses and `values` lacks is an error."""
    return _get_template(name).render(values)


def apex_literal(text: str) -> str:
    """The text as an Apex string literal, quotes included."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\r", "\\r")
    return f"'{escaped}'"
