"""Which values of a dependent picklist go with which values of the field that controls it.

Source: "ValueSet", "ValueSettings" (Metadata API Developer Guide); "PicklistEntry", validFor (SOAP API Developer Guide): a
bitmap in base64, whose highest bit is the first value of the controlling field. A controlling checkbox has two values: unchecked,
checked. ASSUMED: the bitmap is filled up to a multiple of three bytes.
"""

from __future__ import annotations

import base64

from orgtwin.schema.model import Field, FieldType, PicklistValue

_CHECKBOX = ("unchecked", "checked")
_BLOCK = 24


def valid_for(field: Field, controller: Field | None, value: PicklistValue) -> str | None:
    """The bitmap of a value; None where the field depends on no other."""
    if controller is None:
        return None
    chosen = {name.lower() for name in dict(field.dependencies).get(value.value, ())}
    names = _CHECKBOX if controller.type is FieldType.BOOLEAN else [entry.value for entry in controller.picklist]
    size = -(-max(1, len(names)) // _BLOCK) * _BLOCK
    bits = sum(1 << (size - 1 - place) for place, name in enumerate(names) if name.lower() in chosen)
    return base64.b64encode(bits.to_bytes(size // 8, "big")).decode()
