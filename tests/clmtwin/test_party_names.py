from pathlib import Path
from typing import Any

import pytest
import yaml

from clmtwin.imports.party_names import parse_parties

CASES: list[dict[str, Any]] = yaml.safe_load(
    (Path(__file__).parent / "cases/party_names.yml").read_text(encoding="utf-8")
)


@pytest.mark.parametrize("case", CASES, ids=[case["what"] for case in CASES])
def test_parties_are_read_as_a_person_would(case: dict[str, Any]) -> None:
    found = parse_parties(case["text"], case["file"])
    assert [("*" if party.is_filer else "") + party.name for party in found] == case["parties"]
