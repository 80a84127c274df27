"""What the developer guides promise, as public clients, unmodified, give it to their callers. Each case names its page.

    fact, source    what is so, and the page that says so
    steps           one after the other; the word that names the client is explained in clients.py
    raw_because     why a case sends plain HTTP: what it shows is shown by no client
    as              the user who calls; the administrator when nobody is named
    raises          the client's exception; `has` is then what the org said
    has             what the answer holds: an object may hold less, a list is compared member by member, /text/ is a pattern
    says, lacks     texts that the answer's text holds or does not hold; `status`, `headers_have` are those of a plain answer
    keep            values of the answer under names that later steps write as $name

The sf CLI and CumulusCI's own commands, which are processes, have their cases in ../sf and ../cumulusci.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from string import Template
from typing import Any

import pytest
import yaml
from tests.orgtwin.conformance.clients import CLIENTS, Given
from tests.orgtwin.conformance.stage import Stage

_FILES = sorted((Path(__file__).parent / "cases").glob("*.yml"))
_CASES = [case for path in _FILES for case in yaml.safe_load(path.read_text(encoding="utf-8"))]
_STAGES = {"in_process": "in process", "over_tls": "over TLS"}
_WORDS = frozenset({"fact", "source", "steps", "raw_because"})


def _on_stages() -> Iterator[Any]:
    for case in _CASES:
        for stage, name in _STAGES.items():
            if stage == "over_tls" or not any("pubsub" in step for step in case["steps"]):
                yield pytest.param(case, stage, id=f"{case['fact']} - {name}")


@pytest.mark.parametrize(("case", "stage"), list(_on_stages()), indirect=["stage"])
def test_the_org_answers_as_the_guides_say(case: dict[str, Any], stage: Stage) -> None:
    for number, written in enumerate(case["steps"], start=1):
        step = _filled(written, stage.names)
        given = CLIENTS[_client_of(step)](stage, step)
        where = f"step {number}, {step[_client_of(step)]}: {given.status} {given.text[:2000]} {given.value!r}"[:4000]
        _check(step, given, where)
        for name, path in step.get("keep", {}).items():
            stage.names[name] = str(_find_at(given.value, path))


@pytest.mark.parametrize("case", _CASES, ids=[case["fact"] for case in _CASES])
def test_a_case_names_its_page_and_says_why_it_sends_plain_http(case: dict[str, Any]) -> None:
    assert set(case) <= _WORDS
    assert case["source"]
    plain = any(_client_of(step) == "send" for step in case["steps"])
    assert plain == bool(case.get("raw_because")), (
        f"{case['fact']}: plain HTTP needs its reason, and nothing else has one"
    )


def test_no_fact_is_told_twice() -> None:
    facts = [case["fact"] for case in _CASES]
    assert [fact for fact in set(facts) if facts.count(fact) > 1] == []


def _client_of(step: dict[str, Any]) -> str:
    (name,) = set(step) & set(CLIENTS)
    return name


def _filled(value: Any, names: dict[str, str]) -> Any:
    return json.loads(Template(json.dumps(value, default=str)).safe_substitute(names))


def _check(step: dict[str, Any], given: Given, where: str) -> None:
    if "status" in step or "send" in step:
        assert given.status == step.get("status", 200), where
    if "has" in step:
        assert _holds(given.value, step["has"]), f"{where}\nhas not: {step['has']}"
    for text in step.get("says", ()):
        assert text in given.text, f"{where}\nsays not: {text}"
    for text in step.get("lacks", ()):
        assert text not in given.text, f"{where}\nsays: {text}"
    for name, value in step.get("headers_have", {}).items():
        assert _holds(given.headers.get(name), value), f"{where}\n{name}: {given.headers.get(name)}"


def _holds(there: object, wanted: object) -> bool:
    if isinstance(wanted, dict):
        return isinstance(there, dict) and all(
            key in there and _holds(there[key], value) for key, value in wanted.items()
        )
    if isinstance(wanted, list):
        return (
            isinstance(there, list)
            and len(there) == len(wanted)
            and all(_holds(one, other) for one, other in zip(there, wanted, strict=True))
        )
    if isinstance(wanted, str) and len(wanted) > 1 and wanted.startswith("/") and wanted.endswith("/"):
        return isinstance(there, str) and re.fullmatch(wanted[1:-1], there, re.DOTALL) is not None
    return there == wanted


def _find_at(value: Any, path: str) -> object:
    for step in filter(None, path.split(".")):
        value = value[int(step)] if isinstance(value, list) else value[step]
    return value
