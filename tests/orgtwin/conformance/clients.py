"""The public clients by the word that names them in a step; each takes a step and gives back what its caller is given.

call        simple-salesforce: the path from the client (`Account.create`, `bulk2.Account.insert`, `mdapi.CustomField.read`)
login       simple-salesforce signs in with these arguments
bulk_csv    salesforce-bulk, which CumulusCI loads its data with: one of its calls
cumulusci   one of CumulusCI's calls of the Metadata API; `files` are zipped and go first
pubsub      the gRPC stub: topic, publish, or subscribe, which gives the events decoded
send        plain HTTP: a method and a path below /services/data/v66.0, or one that begins with /services or /cometd
admin       the twin's own addresses, which arm what a test arms
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import reduce
from types import SimpleNamespace
from typing import Any
from zipfile import ZipFile

import grpc
import pytest
import simple_salesforce
from cumulusci.core.exceptions import CumulusCIException, CumulusCIFailure
from cumulusci.salesforce_api import metadata as cumulusci_calls
from cumulusci.salesforce_api.rest_deploy import RestDeploy
from salesforce_bulk import CsvDictsAdapter, SalesforceBulk
from simple_salesforce.api import Salesforce
from tests.orgtwin.conformance.stage import Stage
from tests.orgtwin.cumulus import task_for, zip_of
from tests.orgtwin.events.pubsub_client import Requests, fetch
from zeep.helpers import serialize_object
from zeep.xsd import CompoundValue

Step = Mapping[str, Any]
_ROOT = "/services/data/v66.0"
_WHOLE = ("/services", "/cometd")
_OF_MOMENTS = (".updated", ".deleted")


@dataclass(frozen=True)
class Given:
    """What a caller was given: a value, and of a plain request all the rest."""

    value: Any
    status: int | None = None
    text: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


def simple_salesforce_(stage: Stage, step: Step) -> Given:
    token, version = stage.token_of(step.get("as")), step.get("version", "66.0")
    if (token, version) not in stage.clients:
        made = Salesforce(instance_url=stage.ready.https_url, session_id=token, version=version)
        stage.clients[token, version] = made
    client = stage.clients[token, version]
    found = reduce(getattr, step["call"].split("."), client)
    if not callable(found):
        return Given(found)
    arguments = [_argument(client, value) for value in step.get("args", [])]
    if step["call"].endswith(_OF_MOMENTS):
        arguments = [datetime.fromisoformat(value) for value in arguments]
    named = {name: _argument(client, value) for name, value in step.get("named", {}).items()}
    if "json" in named:
        # toolingexecute makes JSON itself, restful leaves it to its caller
        made = named.pop("json")
        named["data"] = made if step["call"] == "toolingexecute" else json.dumps(made)
    return _run(step, lambda: found(*arguments, **named))


def login(stage: Stage, step: Step) -> Given:
    del stage
    return _run(step, lambda: {"session": Salesforce(**{"version": "66.0", **step["login"]}).session_id})


def _run(step: Step, call: Callable[[], Any]) -> Given:
    if "raises" not in step:
        return Given(_plain(call()))
    with pytest.raises(getattr(simple_salesforce.exceptions, step["raises"])) as refused:
        _plain(call())
    if isinstance(refused.value, simple_salesforce.exceptions.SalesforceAuthenticationFailed):
        return Given({"code": refused.value.code, "message": str(refused.value)}, text=str(refused.value))
    content = getattr(refused.value, "content", None)
    return Given(content, getattr(refused.value, "status", None), str(refused.value))


def _argument(client: Salesforce, value: Any) -> Any:
    """An object that names its metadata type is a component to the client."""
    if isinstance(value, list):
        return [_argument(client, one) for one in value]
    if isinstance(value, dict) and "metadata type" in value:
        made = {name: one for name, one in value.items() if name != "metadata type"}
        return getattr(client.mdapi, value["metadata type"])(**made)
    return value


def _plain(value: Any) -> Any:
    if isinstance(value, CompoundValue):
        whole: Any = serialize_object
        return whole(value, dict)
    if isinstance(value, list):
        return [_plain(one) for one in value]
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, tuple):
        return [_plain(one) for one in value]
    return list(value) if isinstance(value, Iterator) else value


def bulk_csv(stage: Stage, step: Step) -> Given:
    # It remembers which batch is of which job.
    if "bulk_csv" not in stage.clients:
        made = SalesforceBulk(sessionId=stage.ready.access_token, host=stage.names["place"], API_version="66.0")
        stage.clients["bulk_csv"] = made
    client = stage.clients["bulk_csv"]
    arguments = step.get("args", [])
    if "rows" in step:
        arguments = [*arguments, iter(CsvDictsAdapter(iter(step["rows"])))]
    return Given(_plain(getattr(client, step["bulk_csv"])(*arguments, **step.get("named", {}))))


def cumulusci(stage: Stage, step: Step) -> Given:
    said: list[str] = []
    logger = SimpleNamespace(info=said.append, error=said.append)
    task = task_for(stage.ready, stage.token_of(step.get("as")), logger)
    package = [zip_of(step["files"])] if "files" in step else []
    arguments = [*package, *step.get("args", [])]
    made = {"RestDeploy": RestDeploy}.get(step["cumulusci"]) or getattr(cumulusci_calls, step["cumulusci"])
    call = made(task, *arguments, **step.get("named", {}))
    if "raises" in step:
        with pytest.raises((CumulusCIException, CumulusCIFailure)) as refused:
            call()
        assert step["raises"] == type(refused.value).__name__, f"{type(refused.value)}: {refused.value}"
        return Given(str(refused.value), text=str(refused.value))
    return Given(_read(call()), text="\n".join(said))


def _read(value: Any) -> Any:
    if isinstance(value, ZipFile):
        return {name: value.read(name).decode() for name in value.namelist()}
    return dict(value) if isinstance(value, Mapping) else value


def pubsub(stage: Stage, step: Step) -> Given:
    client = stage.listen(stage.token_of(step.get("as")))
    if "raises" not in step:
        return Given(_PUBSUB[step["pubsub"]](client, step))
    with pytest.raises(grpc.RpcError) as refused:
        _PUBSUB[step["pubsub"]](client, step)
    return Given({"code": refused.value.code().name, "details": refused.value.details()})


def _topic(client: Any, step: Step) -> Any:
    topic = client.topic(step["topic"])
    return {
        "topic_name": topic.topic_name,
        "can_publish": topic.can_publish,
        "can_subscribe": topic.can_subscribe,
        "schema": client.schema(topic.schema_id)["name"],
    }


def _publish(client: Any, step: Step) -> Any:
    results = client.publish(step["topic"], *step["records"])
    return [{"key": one.correlation_key, "placed": len(one.replay_id), "error": one.error.msg} for one in results]


def _subscribe(client: Any, step: Step) -> Any:
    """As many events as are asked for, from the oldest that is kept."""
    asked = Requests(fetch(step["topic"], step["number"], preset=1))
    heard: list[Any] = []
    for answer in client.call("Subscribe", asked):
        heard += [client.decode(event) for event in answer.events]
        if len(heard) >= step["number"]:
            break
    asked.end()
    return heard


_PUBSUB: Mapping[str, Callable[[Any, Step], Any]] = {"topic": _topic, "publish": _publish, "subscribe": _subscribe}


def send(stage: Stage, step: Step) -> Given:
    method, _, target = step["send"].partition(" ")
    headers = {"Authorization": f"Bearer {stage.token_of(step.get('as'))}", **step.get("headers", {})}
    body = step["text"].encode() if "text" in step else step.get("json")
    answer = stage.ask(method, target if target.startswith(_WHOLE) else _ROOT + target, headers, body)
    is_json = "json" in answer.headers.get("Content-Type", "") and answer.content
    return Given(answer.json() if is_json else None, answer.status_code, answer.text, answer.headers)


def admin(stage: Stage, step: Step) -> Given:
    method, _, path = step["admin"].partition(" ")
    return Given(stage.admin(method, path, step.get("json")))


CLIENTS: Mapping[str, Callable[[Stage, Step], Given]] = {
    "call": simple_salesforce_,
    "login": login,
    "bulk_csv": bulk_csv,
    "cumulusci": cumulusci,
    "pubsub": pubsub,
    "send": send,
    "admin": admin,
}
