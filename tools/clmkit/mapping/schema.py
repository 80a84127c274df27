"""The published JSON Schema of the spec, generated from `document`; `mappings/schema.json` and
`mappings/overlay-schema.json` are this, written out.

msgspec writes a union as `anyOf`, which validators answer with "not valid under any of the schemas". Every union of the language
is text or a block, so it becomes `if text then ... else ...` and each error names the real cause.
"""

from __future__ import annotations

from typing import TypeAlias

import msgspec

from clmkit.mapping.document import OverlayDocument, SpecDocument, TypeBlock

Schema: TypeAlias = dict[str, object]

TITLE = "clmkit mapping spec"
OVERLAY_TITLE = "clmkit overlay"


def build_schema() -> Schema:
    """JSON Schema 2020-12 of a mapping spec."""
    schema = _build(SpecDocument, TITLE)
    one_key = schema["$defs"]
    if isinstance(one_key, dict):
        one_key[TypeBlock.__name__] |= {"minProperties": 1, "maxProperties": 1}
    return schema


def build_overlay_schema() -> Schema:
    """JSON Schema 2020-12 of an overlay; what stands under `change` is judged as part of the merged spec."""
    return _build(OverlayDocument, OVERLAY_TITLE)


def _build(root: type[msgspec.Struct], title: str) -> Schema:
    (reference,), definitions = msgspec.json.schema_components([root], ref_template="#/$defs/{name}")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "$ref": reference["$ref"],
        "$defs": {name: _simplify(definition) for name, definition in definitions.items()},
    }


def render_schema() -> str:
    return _render(build_schema())


def render_overlay_schema() -> str:
    return _render(build_overlay_schema())


def _render(schema: Schema) -> str:
    return msgspec.json.format(msgspec.json.encode(schema, order="deterministic"), indent=2).decode() + "\n"


def _simplify(schema: object) -> Schema:
    simple = _rewrite(schema)
    if not isinstance(simple, dict):
        raise TypeError("a schema is an object")
    return simple


def _rewrite(schema: object) -> object:
    if isinstance(schema, list):
        return [_rewrite(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    rewritten = {key: _rewrite(value) for key, value in schema.items()}
    choices = rewritten.pop("anyOf", None)
    return rewritten if choices is None else rewritten | _split(choices)


def _split(choices: object) -> Schema:
    """A union of something and a block without `anyOf`: what is not the first kind is judged as the second."""
    if not isinstance(choices, list) or len(choices) != 2:
        raise TypeError(f"the language knows unions of two, not {choices}")
    scalars = [choice["type"] for choice in choices if choice.keys() == {"type"}]
    if len(scalars) == 2:
        return {"type": sorted(scalars)}
    first, block = choices
    return {"if": {"type": first.get("type", "string")}, "then": first, "else": block}
