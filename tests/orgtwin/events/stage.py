"""An org in this process with something to listen to: objects, a platform event, channels; and a CometD client without sockets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.orgtwin.metadata.conftest import package_of

from orgtwin.events.cometd import CometdServer, Visitor
from orgtwin.http.app import Application
from orgtwin.http.in_process import InProcess
from orgtwin.http.start import start_twin
from orgtwin.http.surfaces import ROUTES
from orgtwin.metadata.archive import write_archive
from orgtwin.metadata.deploy_model import DeployOptions, DeployOutcome
from orgtwin.metadata.service import MetadataService
from orgtwin.seed import administrator

V = "/services/data/v66.0"
_TEXT = "<externalId>false</externalId><length>80</length><required>false</required><type>Text</type>"
DEAL = f"""<CustomObject>
    <fields><fullName>Stage__c</fullName><label>Stage</label>{_TEXT}</fields>
    <fields><fullName>Secret__c</fullName><label>Secret</label>{_TEXT}</fields>
    <label>Deal</label><pluralLabel>Deals</pluralLabel><deploymentStatus>Deployed</deploymentStatus>
    <nameField><label>Name</label><type>Text</type></nameField><sharingModel>ReadWrite</sharingModel>
</CustomObject>"""


def event(behavior: str) -> str:
    return f"""<CustomObject>
    <fields><fullName>Deal__c</fullName><label>Deal</label>{_TEXT}</fields>
    <fields><fullName>Size__c</fullName><label>Size</label><precision>18</precision><scale>0</scale><type>Number</type></fields>
    <deploymentStatus>Deployed</deploymentStatus><eventType>HighVolume</eventType>
    <label>Signed</label><pluralLabel>Signed</pluralLabel><publishBehavior>{behavior}</publishBehavior>
</CustomObject>"""


def member(channel: str, entity: str, more: str = "") -> tuple[str, str]:
    name = f"{channel}_{entity}".replace("__", "_")
    body = f"""<PlatformEventChannelMember>{more}<eventChannel>{channel}</eventChannel>
        <selectedEntity>{entity}</selectedEntity></PlatformEventChannelMember>"""
    return f"platformEventChannelMembers/{name}.platformEventChannelMember", body


_CHANNEL = "<PlatformEventChannel><channelType>data</channelType><label>Clm</label></PlatformEventChannel>"
DEPLOYED: Mapping[str, str] = {
    "objects/Deal__c.object": DEAL,
    "objects/Signed__e.object": event("PublishAfterCommit"),
    "objects/Seen__e.object": event("PublishImmediately"),
    "platformEventChannels/Clm__chn.platformEventChannel": _CHANNEL,
    **dict(
        (
            member("ChangeEvents", "AccountChangeEvent"),
            member("ChangeEvents", "Deal__ChangeEvent"),
            member("ChangeEvents", "ContactChangeEvent"),
            member(
                "Clm__chn",
                "AccountChangeEvent",
                "<enrichedFields><name>AccountNumber</name></enrichedFields>"
                "<filterExpression>AccountNumber LIKE 'K%'</filterExpression>",
            ),
        )
    ),
}
MEMBERS: Mapping[str, list[str]] = {
    "CustomObject": ["Deal__c", "Signed__e", "Seen__e"],
    "PlatformEventChannel": ["Clm__chn"],
    "PlatformEventChannelMember": [
        "ChangeEvents_AccountChangeEvent",
        "ChangeEvents_Deal_ChangeEvent",
        "ChangeEvents_ContactChangeEvent",
        "Clm_chn_AccountChangeEvent",
    ],
}


def package() -> bytes:
    """What the stage deploys, as a zip."""
    return write_archive(package_of(DEPLOYED, MEMBERS))


class Stage:
    """A twin, its administrator, and a clock that a test moves. `data` is the folder of an org that can be started again."""

    def __init__(
        self, *, deployed: bool = True, data: Path | None = None, now: datetime = datetime(2026, 3, 1, 12, tzinfo=UTC)
    ) -> None:
        self.now = now
        started = start_twin(clock=lambda: self.now, data=data)
        self.twin = started.twin
        self.application = Application(started.twin, ROUTES)
        self.client = InProcess(self.application, started.access_token)
        self.admin = self.client.as_caller(started.twin.admin_token)
        self.admin_id = administrator(started.twin.org).user_id
        if deployed:
            self.deploy(package())

    def try_deploy(self, zip_file: bytes, **more: Any) -> DeployOutcome:
        service = self.twin.part(MetadataService)
        options = DeployOptions(single_package=True, ignore_warnings=True, **more)
        outcome = service.deploy(administrator(self.twin.org), zip_file, options).outcome
        assert outcome is not None
        return outcome

    def deploy(self, zip_file: bytes) -> None:
        outcome = self.try_deploy(zip_file)
        assert outcome.status.value == "Succeeded", outcome

    def later(self, **delta: float) -> None:
        """Move the clock; the administrator signs in again, since sessions end after two hours."""
        self.now += timedelta(**delta)
        session = self.twin.sessions.issue(self.admin_id, None, ("full",), "Admin")
        self.client = InProcess(self.application, session.token)

    def create(self, sobject_type: str, client: str | None = None, **values: object) -> str:
        headers = {"sforce_call_options": f"client={client}"} if client else {}
        answer = self.client.post(f"{V}/sobjects/{sobject_type}", values, **headers)
        assert answer.status == 201, answer.text
        record_id: str = answer.json()["id"]
        return record_id

    def create_now(self, sobject_type: str, **values: object) -> None:
        """Insert past HTTP, from inside a running event loop."""
        org = self.twin.org
        (result,) = org.dml.insert(administrator(org), sobject_type, [values])
        assert result.success, result

    def update(self, sobject_type: str, record_id: str, **values: object) -> None:
        answer = self.client.patch(f"{V}/sobjects/{sobject_type}/{record_id}", values)
        assert answer.status == 204, answer.text

    def see_field(self, field: str) -> None:
        """A deploy gives nobody access to a new field: give it to the administrator."""
        granted = self.create("PermissionSet", Name="Fields", Label="Fields")
        self.create(
            "FieldPermissions",
            ParentId=granted,
            SobjectType=field.partition(".")[0],
            Field=field,
            PermissionsRead=True,
            PermissionsEdit=True,
        )
        self.create("PermissionSetAssignment", PermissionSetId=granted, AssigneeId=self.admin_id)

    def limited_user(self, *permissions: tuple[str, bool]) -> str:
        """A user of the integration profile who reads these objects, some with View All; the user's session id."""
        user_id = self._integration_user()
        granted = self.create("PermissionSet", Name="Reader", Label="Reader")
        for name, view_all in permissions:
            self.create(
                "ObjectPermissions",
                ParentId=granted,
                SobjectType=name,
                PermissionsRead=True,
                PermissionsViewAllRecords=view_all,
            )
        self.create("PermissionSetAssignment", PermissionSetId=granted, AssigneeId=user_id)
        return self.twin.sessions.issue(user_id, None, ("api",), "Test").token

    def _integration_user(self) -> str:
        found = self.client.get(f"{V}/query?q=SELECT Id FROM User WHERE Alias = 'clmint'").json()
        user_id: str = found["records"][0]["Id"]
        return user_id


def next_heard(stage: Stage, channel: str, act: Callable[[], object]) -> list[dict[str, Any]]:
    """What a connect that waits is answered when something is done, inside one event loop."""
    server = CometdServer(stage.twin.events, stage.twin.random)
    visitor = Visitor(administrator(stage.twin.org))

    async def listen() -> list[dict[str, Any]]:
        (shaken,) = await server.answer(visitor, [{"channel": "/meta/handshake"}])
        client = {"clientId": shaken["clientId"]}
        connect = {"channel": "/meta/connect", "connectionType": "long-polling", **client}
        await server.answer(visitor, [connect, {"channel": "/meta/subscribe", "subscription": channel, **client}])
        waiting = asyncio.create_task(server.answer(visitor, [connect]))
        await asyncio.sleep(0)
        assert not waiting.done()
        act()
        return await waiting

    return asyncio.run(listen())


class Listening:
    """A CometD client of one stage."""

    def __init__(self, client: InProcess) -> None:
        self._client = client
        self.handshake = self.send(channel="/meta/handshake", version="1.0", supportedConnectionTypes=["long-polling"])[
            0
        ]
        self.client_id = self.handshake.get("clientId")

    def send(self, **message: Any) -> list[dict[str, Any]]:
        replies: list[dict[str, Any]] = self._client.post("/cometd/66.0", [{"id": "1", **message}]).json()
        return replies

    def subscribe(self, channel: str, replay: object = -1) -> dict[str, Any]:
        ext = {"replay": {channel: replay}}
        return self.send(channel="/meta/subscribe", clientId=self.client_id, subscription=channel, ext=ext)[0]

    def poll(self) -> list[dict[str, Any]]:
        """The events that are there now, without the reply to the connect."""
        message = {"channel": "/meta/connect", "clientId": self.client_id, "connectionType": "long-polling"}
        return self.send(**message, advice={"timeout": 0})[:-1]

    def heard(self) -> list[dict[str, Any]]:
        """The payloads of the events that are there now."""
        return [message["data"]["payload"] for message in self.poll()]
