"""The ready file: how others find a running twin. It holds secrets, so only its owner may read it."""

from __future__ import annotations

import json
import os
import tempfile
from dataclasses import asdict, dataclass, fields
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ReadyFile:
    """Where the twin listens and how to get in.

    `pubsub_endpoint` is host and port of the Pub/Sub API, over TLS like `https_url`.
    `access_token` is a session of `username`, the administrator. `client_id` and `client_secret` are those of the
    client-credentials app, which runs as `integration_username`. `admin_token` opens the twin's own addresses under /twin/admin.
    """

    pid: int
    http_url: str
    https_url: str
    pubsub_endpoint: str
    ca_bundle: str
    org_id: str
    alias: str
    username: str
    user_id: str
    access_token: str
    refresh_token: str
    integration_username: str
    integration_user_id: str
    client_id: str
    client_secret: str
    admin_token: str
    api_version: str


def write_private(path: Path, content: bytes) -> None:
    """Put the content in place at once: a reader sees the whole file or none of it. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).replace(path)
    except OSError:
        Path(temporary).unlink(missing_ok=True)
        raise


def write_ready(path: Path, ready: ReadyFile) -> None:
    write_private(path, json.dumps(asdict(ready), indent=2).encode() + b"\n")


class NotReady(Exception):
    """There is no usable ready file; the message says where it was looked for."""


def read_ready(path: Path) -> ReadyFile:
    """The ready file of a running twin. Raises NotReady."""
    try:
        content = json.loads(path.read_bytes())
    except FileNotFoundError:
        raise NotReady(f"{path}: no such file. Start the twin with: orgtwin serve --ready-file {path}") from None
    except (OSError, ValueError) as error:
        raise NotReady(f"{path}: not a ready file of orgtwin: {error}") from error
    try:
        return ReadyFile(**{f.name: content[f.name] for f in fields(ReadyFile)})
    except (KeyError, TypeError) as error:
        raise NotReady(f"{path}: not a ready file of orgtwin: {error} is missing") from error
