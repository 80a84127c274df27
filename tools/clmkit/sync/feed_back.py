"""The way back: fields that Salesforce changed become a merge patch of the agreement."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def to_patch(values: Mapping[str, object]) -> dict[str, Any]:
    """CLM paths and their values as a JSON merge patch (RFC 7396).

    A group whose named member is gone is gone: `business_owner.email` = None becomes {"business_owner": None}, because a
    group without what identifies it is not a group.
    """
    patch: dict[str, Any] = {}
    for path, value in values.items():
        names = path.lstrip("/").split(".")
        if value is None and len(names) > 1:
            names = names[:-1]
        place = patch
        for name in names[:-1]:
            place = place.setdefault(name, {})
        place[names[-1]] = value
    return patch
