"""Namespaces of the managed packages that the org has: `ship__Parcel__c` is a name there once `ship` is installed.

Source: "Understand Namespaces" (First-Generation Managed Packaging Developer Guide).
"""

from __future__ import annotations

from collections.abc import Mapping, MutableMapping

_INSTALLED = "package-namespace."


def install_namespace(settings: MutableMapping[str, object], namespace: str) -> None:
    settings[_INSTALLED + namespace.lower()] = True


def local_name(settings: Mapping[str, object], name: str) -> str:
    """The name without the namespace of an installed package before it; any other name as it is."""
    namespace, separator, rest = name.partition("__")
    return rest if separator and (_INSTALLED + namespace.lower()) in settings else name
