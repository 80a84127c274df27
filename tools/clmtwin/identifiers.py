"""Identifiers that are the same in every run: from the number of the agreement, or from what a thing is called.

A counterparty's id comes from its name alone (case and spacing aside), so the same company in two agreements is one counterparty
and a data set of Salesforce accounts can be made from the same names.
"""

from __future__ import annotations

import hashlib


def agreement_id(number: int) -> str:
    return f"AGR-{number:06d}"


def child_id(kind: str, owner_id: str, ordinal: int) -> str:
    """`PTY-000012-1`: the first party row of AGR-000012."""
    return f"{kind}-{owner_id.removeprefix('AGR-')}-{ordinal}"


def counterparty_id(name: str) -> str:
    return "PTY-" + _digest(" ".join(name.split()).casefold())


def person_id(email: str) -> str:
    return "PER-" + _digest(email.strip().casefold())


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]
