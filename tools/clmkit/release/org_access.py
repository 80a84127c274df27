"""How to reach an org for a release: the address and a session of somebody who may deploy.

The file is what the tools that hold the session print: `sf org display --json` (or `sf org display --verbose --json`),
`cci org info NAME --json`, or the ready file of the org twin. It holds a secret; nothing of it is written anywhere.
"""

from __future__ import annotations

import json
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from clmkit.clients.metadata_api import MetadataApi
from clmkit.clients.salesforce import Salesforce
from clmkit.clients.salesforce_login import GivenToken
from clmkit.clients.tooling import Tooling
from clmkit.clients.transport import Transport, open_session, require_private

URL_NAMES = ("instance_url", "instanceUrl", "https_url")
TOKEN_NAMES = ("access_token", "accessToken")
STDIN = "-"


class AccessError(Exception):
    """The file does not say how to reach an org; the message says what to give instead."""


@dataclass(frozen=True, slots=True)
class OrgAccess:
    url: str
    access_token: str = field(repr=False)
    username: str = ""
    ca_bundle: Path | None = None


@dataclass(frozen=True, slots=True)
class OrgClients:
    """The doors of an org that a release uses."""

    metadata: MetadataApi
    records: Salesforce
    tooling: Tooling


def read_access(name: str) -> OrgAccess:
    """Read the file, or standard input for "-". Raises AccessError."""
    try:
        text = sys.stdin.read() if name == STDIN else Path(name).read_text(encoding="utf-8")
    except OSError as error:
        raise AccessError(f"{name}: {error.strerror}. {HINT}") from error
    return parse_access(text, name)


HINT = "Give a file with what `sf org display --json`, `cci org info NAME --json` or the org twin's ready file holds."


def parse_access(text: str, name: str) -> OrgAccess:
    try:
        found: Any = json.loads(text)
    except ValueError as error:
        raise AccessError(f"{name}: is no JSON: {error}. {HINT}") from error
    if isinstance(found, dict) and isinstance(found.get("result"), dict):
        found = found["result"]
    if not isinstance(found, dict):
        raise AccessError(f"{name}: holds no object. {HINT}")
    try:
        url = require_private(_member(found, URL_NAMES, name))
    except ValueError as error:
        raise AccessError(f"{name}: {error}.") from error
    ca_bundle = found.get("ca_bundle")
    return OrgAccess(
        url, _member(found, TOKEN_NAMES, name), str(found.get("username", "")), Path(ca_bundle) if ca_bundle else None
    )


def _member(found: Mapping[str, Any], names: tuple[str, ...], file: str) -> str:
    for name in names:
        value = found.get(name)
        if isinstance(value, str) and value:
            return value
    raise AccessError(f"{file}: has none of {', '.join(names)}. {HINT}")


@asynccontextmanager
async def open_org(access: OrgAccess, api_version: str) -> AsyncIterator[OrgClients]:
    """The org's doors, closed at the end."""
    async with open_session(access.ca_bundle) as session:
        transport, login = Transport(session), GivenToken(access.access_token)
        records = Salesforce(transport, access.url, login, api_version)
        yield OrgClients(MetadataApi(transport, access.url, login, api_version), records, Tooling(records))
