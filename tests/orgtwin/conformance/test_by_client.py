"""What the developer guides promise, as simple-salesforce, unmodified, gives it to its caller. Each case names its page.

    steps       one call after the other: `call` is the path from the client, `args` and `named` what it is given
    raises      the client's exception; `has` is then what the org said
    has, keep   as in test_conformance

In this process the client's own session carries its requests to the application; over TLS they go to a running twin.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from functools import reduce
from pathlib import Path
from string import Template
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
import simple_salesforce
import yaml
from requests.adapters import BaseAdapter
from simple_salesforce.api import Salesforce
from tests.orgtwin.conformance.test_conformance import find_at, holds

from orgtwin.http.in_process import InProcess
from orgtwin.http.ready import ReadyFile

_CASES = [
    pytest.param(case, id=case["fact"])
    for path in sorted((Path(__file__).parent / "client_cases").glob("*.yml"))
    for case in yaml.safe_load(path.read_text(encoding="utf-8"))
]


class _IntoThisProcess(BaseAdapter):
    """Requests of a session become calls of the application."""

    def __init__(self, client: InProcess) -> None:
        super().__init__()
        self._client = client

    def send(self, request: requests.PreparedRequest, *_: object, **__: object) -> requests.Response:
        address = urlsplit(str(request.url))
        body = request.body.encode() if isinstance(request.body, str) else request.body or b""
        target = f"{address.path}?{address.query}" if address.query else address.path
        answer = self._client.request(str(request.method), target, body=body, headers=dict(request.headers))
        response = requests.Response()
        response.status_code, response.request, response.url = answer.status, request, str(request.url)
        response.headers.update(answer.headers)
        response._content = answer.body
        return response

    def close(self) -> None:
        """There is no connection."""


@pytest.fixture(params=["in process", "over TLS"])
def client(request: pytest.FixtureRequest) -> Iterator[Any]:
    with requests.Session() as session:
        session.trust_env = False
        if request.param == "in process":
            here: InProcess = request.getfixturevalue("org_twin_client")
            session.mount("https://", _IntoThisProcess(here))
            url, token = "https://org.example", here.token
        else:
            ready: ReadyFile = request.getfixturevalue("org_twin")
            session.verify, url, token = ready.ca_bundle, ready.https_url, ready.access_token
        yield Salesforce(instance_url=url, session_id=token, session=session, version="66.0")


@pytest.mark.parametrize("case", _CASES)
def test_the_client_gives_its_caller_what_the_guides_promise(case: dict[str, Any], client: Any) -> None:
    assert case["source"]
    kept: dict[str, str] = {}
    for number, step in enumerate(case["steps"], start=1):
        answer = _call(client, step, kept)
        where = f"step {number}, {step['call']}: {answer!r}"
        if "has" in step:
            wanted = _filled(step["has"], kept)
            assert holds(answer, wanted), f"{where}\nhas not: {wanted}"
        for name, path in step.get("keep", {}).items():
            kept[name] = str(find_at(answer, path))


def _call(client: Any, step: dict[str, Any], kept: dict[str, str]) -> Any:
    method = reduce(getattr, step["call"].split("."), client)
    arguments = [_moment(value) for value in _filled(step.get("args", []), kept)]
    named = _filled(step.get("named", {}), kept)
    if "json" in named:
        named["data"] = json.dumps(named.pop("json"))
    if "raises" not in step:
        return method(*arguments, **named)
    with pytest.raises(getattr(simple_salesforce.exceptions, step["raises"])) as refused:
        method(*arguments, **named)
    return refused.value.content


def _filled(value: Any, kept: dict[str, str]) -> Any:
    return json.loads(Template(json.dumps(value, default=str)).safe_substitute(kept))


def _moment(value: Any) -> Any:
    """Moments in YAML are moments to the client."""
    if isinstance(value, str) and value[10:11] in "T " and value[:4].isdigit() and len(value) > 18:
        return datetime.fromisoformat(value)
    return value
