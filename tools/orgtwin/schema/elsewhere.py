"""The standard objects that an org has and the twin has not: they are refused by name, and not as if no org had them.

Source: the object names in jsforce's typed standard schema (npm @jsforce/jsforce-node 3, MIT), which was taken from an org.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from orgtwin.errors import SalesforceError, Unsupported


@cache
def _names() -> dict[str, str]:
    text = (files("orgtwin.schema") / "elsewhere.txt").read_text("utf-8")
    return {name.lower(): name for name in text.split()}


def find_elsewhere(name: str) -> Unsupported | None:
    """The refusal of a standard object that the twin has not; None for a name that no org knows of itself."""
    known = _names().get(name.lower())
    return None if known is None else Unsupported("schema.standard-object", f"the standard object {known}")


def no_such_object(name: str) -> SalesforceError:
    """The REST API's answer to a name that is no object for the caller."""
    missing = SalesforceError("NOT_FOUND", "The requested resource does not exist", status=404)
    return find_elsewhere(name) or missing
