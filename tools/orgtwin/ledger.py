"""The ledger: what the twin emulates, on whose word, shown by which test; and what it refuses by name.

- key: rest.upsert-answers             stable name; refused behaviour is answered with it (501 TWIN_UNSUPPORTED)
  what: An upsert answers 201 ...       one sentence
  source: "sObject Rows by External ID" (REST API Developer Guide)
  evidence: documented                  recorded (an org's answer was seen, a client of orgs was run), documented, assumed
  test: tests/orgtwin/http/test_sobjects.py::test_an_upsert_creates_then_updates
  refused: true                         only on rows that the twin does not do

After a change `python -m orgtwin.reference` writes docs/reference/org-twin.md and the README's table anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from importlib import resources

import yaml


class Evidence(StrEnum):
    RECORDED = "recorded"
    DOCUMENTED = "documented"
    ASSUMED = "assumed"


@dataclass(frozen=True, slots=True)
class LedgerRow:
    """One behaviour. `test` is `path::name` from the top of the checkout; a family of tests is named by its file alone."""

    key: str
    what: str
    source: str
    evidence: Evidence
    test: str
    refused: bool = False


class BadLedger(Exception):
    """A row of ledger.yml is not as it should be; the message names it."""


def load_ledger() -> tuple[LedgerRow, ...]:
    """All rows, in the order of the file. Raises BadLedger."""
    text = resources.files("orgtwin").joinpath("ledger.yml").read_text("utf-8")
    rows = tuple(_row(values) for values in yaml.safe_load(text))
    seen: set[str] = set()
    for row in rows:
        if row.key in seen:
            raise BadLedger(f"{row.key}: two rows have this key")
        seen.add(row.key)
    return rows


def _row(values: object) -> LedgerRow:
    if not isinstance(values, dict):
        raise BadLedger(f"{values!r}: a row must be a mapping")
    try:
        return LedgerRow(**{**values, "evidence": Evidence(values["evidence"])})
    except (KeyError, TypeError, ValueError) as error:
        raise BadLedger(f"{values.get('key', values)}: {error}") from error
