"""How the org refuses a search. The code and text of a search term that is too short are recorded; other texts are ASSUMED."""

from __future__ import annotations

from orgtwin.errors import SalesforceError
from orgtwin.soql.errors import refusal


def malformed(reason: str, text: str, position: int) -> SalesforceError:
    """The refusal that points at the character `position` of the statement."""
    return refusal("MALFORMED_SEARCH", reason, text, position)


def no_term() -> SalesforceError:
    return SalesforceError("MALFORMED_SEARCH", "No search term found. The search term must be enclosed in braces.")


def too_short(query: str) -> SalesforceError:
    return SalesforceError("INVALID_SEARCH", f"search term must be longer than one character: {query}")
