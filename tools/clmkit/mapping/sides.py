"""Which party of an agreement is us, and which is the counterparty: by the rule that the spec states. Pure.

    choose_sides(rule, agreement)      # Sides(us, counterparty, others, why): `why` is what a report shows

By role, the CLM's word counts. By names, a party is us when its name is one of our legal names; case, spaces and punctuation do not
count, every word does: "Northstar GmbH" is not "Northstar Inc.". The counterparty is the first party that is not us.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from clmkit.mapping.evaluate import find_value
from clmkit.mapping.model import OwnSide, OwnSideRule

_SPECIAL = re.compile(r"[^0-9a-z]+")


@dataclass(frozen=True, slots=True)
class Sides:
    """Names of the parties. `counterparty` is empty when nobody is left."""

    us: tuple[str, ...]
    counterparty: str
    others: tuple[str, ...]
    why: str

    @property
    def is_clear(self) -> bool:
        """Whether the rule found us, and one other side."""
        return bool(self.us) and bool(self.counterparty) and not self.others


def choose_sides(rule: OwnSideRule, agreement: Mapping[str, object]) -> Sides:
    parties = find_value(rule.parties, agreement, agreement)
    rows = [row for row in parties if isinstance(row, Mapping)] if isinstance(parties, Sequence) else []
    us = [_name(row) for row in rows if _is_us(rule, row)]
    them = [_name(row) for row in rows if not _is_us(rule, row)]
    return Sides(tuple(us), them[0] if them else "", tuple(them[1:]), _why(rule, us, them))


def _is_us(rule: OwnSideRule, row: Mapping[str, object]) -> bool:
    if rule.how is OwnSide.ROLE:
        return row.get("role") == rule.role
    return fold_name(_name(row)) in {fold_name(name) for name in rule.names}


def _name(row: Mapping[str, object]) -> str:
    return str(row.get("name") or "")


def fold_name(name: str) -> str:
    """A legal name for comparison: `Northstar, Inc.` and `NORTHSTAR INC` are one."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold()
    return _SPECIAL.sub(" ", plain).strip()


def _why(rule: OwnSideRule, us: Sequence[str], them: Sequence[str]) -> str:
    how = f"the CLM gives it the role {rule.role}" if rule.how is OwnSide.ROLE else "it is one of our legal names"
    found = f"{us[0]} is us: {how}" if us else f"nobody is us: no party {_asks(rule)}"
    if not them:
        return f"{found}; no other party is named"
    rest = f", the first of {len(them)} other parties" if len(them) > 1 else ", the only other party"
    return f"{found}; {them[0]} is the counterparty{rest}"


def _asks(rule: OwnSideRule) -> str:
    return f"has the role {rule.role}" if rule.how is OwnSide.ROLE else "has one of our legal names"
