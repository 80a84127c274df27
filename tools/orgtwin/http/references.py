"""References inside composite requests: `@{refId.path}` stands for a value of an earlier answer.

Source: "Using Reference IDs" under "Composite" (REST API Developer Guide): dots lead into objects, [n] into lists, case counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from orgtwin.errors import SalesforceError

_REFERENCE = re.compile(r"@\{([A-Za-z0-9]\w*)((?:\.\w+|\[\d+\])*)\}")
_STEP = re.compile(r"\.(\w+)|\[(\d+)\]")


def resolve(value: object, answers: Mapping[str, object]) -> object:
    """`value` with every reference in its texts replaced. Raises PROCESSING_HALTED for one that leads nowhere."""
    if isinstance(value, str):
        return _resolve_text(value, answers)
    if isinstance(value, list):
        return [resolve(item, answers) for item in value]
    if isinstance(value, dict):
        return {key: resolve(item, answers) for key, item in value.items()}
    return value


def resolve_text(text: str, answers: Mapping[str, object]) -> str:
    return str(_resolve_text(text, answers))


def _resolve_text(text: str, answers: Mapping[str, object]) -> object:
    whole = _REFERENCE.fullmatch(text)
    if whole:
        return _look_up(whole, answers)
    return _REFERENCE.sub(lambda found: str(_look_up(found, answers)), text)


def _look_up(found: re.Match[str], answers: Mapping[str, object]) -> object:
    name, path = found.group(1), found.group(2)
    if name not in answers:
        raise _leads_nowhere(name, path)
    value = answers[name]
    for key, index in _STEP.findall(path):
        try:
            value = value[key] if key else value[int(index)]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            raise _leads_nowhere(name, path) from None
    return value


def named_in(value: object) -> frozenset[str]:
    """The references that the texts inside a value name."""
    if isinstance(value, str):
        return frozenset(found.group(1) for found in _REFERENCE.finditer(value))
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return frozenset(name for item in inside for name in named_in(item))


def _leads_nowhere(name: str, path: str) -> SalesforceError:
    return SalesforceError(
        "PROCESSING_HALTED", f"Invalid reference specified. No value for {name}{path} found in {name}"
    )
