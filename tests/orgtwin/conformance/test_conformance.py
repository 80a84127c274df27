"""What the developer guides show a client to send, and what they say comes back. Each case names its page.

    steps       one request after the other; paths begin at /services/data/v66.0 unless they begin with /services or /cometd
    json, text  the body; `headers` beside it
    status      of the answer; `has` is what its JSON holds, `says` what its text holds, `headers_have` what its headers are
    keep        values of the answer under names that later steps write as $name; $token is the session id

In `has` an object may hold less than the answer; a list is compared member by member; a text between slashes is a pattern.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from string import Template
from typing import Any

import pytest
import yaml
from tests.orgtwin.conformance.conftest import Door, Said

_CASES = [
    pytest.param(case, id=case["fact"])
    for path in sorted((Path(__file__).parent / "cases").glob("*.yml"))
    for case in yaml.safe_load(path.read_text(encoding="utf-8"))
]
_ROOT = "/services/data/v66.0"
_WHOLE = ("/services", "/cometd")


@pytest.mark.parametrize("case", _CASES)
def test_the_org_answers_as_the_guides_say(case: dict[str, Any], door: Door) -> None:
    assert case["source"]
    kept = {"token": door.token}
    for number, step in enumerate(case["steps"], start=1):
        said = _ask(door, step, kept)
        where = f"step {number}, {step['send']}: {said.status} {said.body.decode(errors='replace')[:2000]}"
        assert said.status == step.get("status", 200), where
        _check(step, said, kept, where)
        for name, path in step.get("keep", {}).items():
            kept[name] = str(find_at(json.loads(said.body), path))


def _ask(door: Door, step: dict[str, Any], kept: dict[str, str]) -> Said:
    method, _, target = Template(step["send"]).substitute(kept).partition(" ")
    headers = {name.lower(): Template(value).substitute(kept) for name, value in step.get("headers", {}).items()}
    body = b""
    if "json" in step:
        body = Template(json.dumps(step["json"])).substitute(kept).encode()
        headers.setdefault("content-type", "application/json")
    elif "text" in step:
        body = Template(step["text"]).substitute(kept).encode()
    return door.ask(method, target if target.startswith(_WHOLE) else _ROOT + target, headers, body)


def _check(step: dict[str, Any], said: Said, kept: dict[str, str], where: str) -> None:
    if "has" in step:
        wanted = json.loads(Template(json.dumps(step["has"])).substitute(kept))
        assert holds(json.loads(said.body), wanted), f"{where}\nhas not: {wanted}"
    for text in step.get("says", ()):
        assert Template(text).substitute(kept) in said.body.decode(), f"{where}\nsays not: {text}"
    for name, value in step.get("headers_have", {}).items():
        assert holds(said.headers.get(name.lower()), value), f"{where}\n{name}: {said.headers.get(name.lower())}"


def holds(there: object, wanted: object) -> bool:
    if isinstance(wanted, dict):
        return isinstance(there, dict) and all(
            key in there and holds(there[key], value) for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        return (
            isinstance(there, list)
            and len(there) == len(wanted)
            and all(holds(one, other) for one, other in zip(there, wanted, strict=True))
        )
    if isinstance(wanted, str) and len(wanted) > 1 and wanted.startswith("/") and wanted.endswith("/"):
        return isinstance(there, str) and re.fullmatch(wanted[1:-1], there, re.DOTALL) is not None
    return there == wanted


def find_at(value: Any, path: str) -> object:
    for step in path.split("."):
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value
