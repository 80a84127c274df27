"""A CLM whose answers are bytes: what it holds is told as JSON, but for values that make no sense and pages that it cannot give."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
from tests.clmkit.sync.fake_clm import FakeClm

from clmkit.clients.clm import ClmCredentials
from clmkit.clients.transport import Patience, Reply
from clmkit.connectors import DescribedClm, load_description

PLACE = "THE PLACE"
"""Stands in a document where the bytes of `absurd` are put."""


@dataclass
class ByteClm:
    """The transport of a `DescribedClm`."""

    clm: FakeClm
    absurd: bytes = b'""'
    spoils: str = ""
    """The agreement that makes every answer it is part of a 500, but for the feed's, which tells what it was."""
    is_away: bool = False
    calls: Counter[str] = field(default_factory=Counter)
    patience: Patience = field(default_factory=lambda: Patience(attempts=1))

    def connect(self) -> Any:
        return DescribedClm(self, "http://127.0.0.1", ClmCredentials("kit", "x"), load_description("clm", Path()))  # type: ignore[arg-type]

    async def pause(self, attempt: int, told: float | None = None) -> None:
        return None

    async def send(
        self, kind: str, method: str, url: str, *, headers: Mapping[str, str], body: bytes | None = None, **_: Any
    ) -> Reply:
        self.calls[kind] += 1
        parts = urlsplit(url)
        query = dict(parse_qsl(parts.query))
        if parts.path == "/oauth/token":
            return Reply(200, {}, b'{"access_token": "t"}')
        if method == "PATCH":
            revision = int(headers["if-match"].strip('"'))
            one = await self.clm.patch_agreement(parts.path.rpartition("/")[2], revision, json.loads(body or b""))
            return self._tell(one, [one["id"]])
        if parts.path == "/api/v1/changes":
            start, size = int(query.get("after", 0)), int(query["limit"])
            page = self.clm.changes[start : start + size]
            told = {
                "changes": page,
                "cursor": str(start + len(page)),
                "more": start + len(page) < len(self.clm.changes),
            }
            return self._tell(msgspec.to_builtins(told), [])
        if parts.path != "/api/v1/agreements":
            agreement = self.clm.agreements[parts.path.rpartition("/")[2]]
            return self._tell(agreement, [agreement["id"]])
        known = list(self.clm.agreements)
        if "ids" in query:
            chosen = query["ids"].split(",")
            return self._tell({"agreements": [self.clm.agreements[one] for one in chosen]}, chosen)
        start, size = int(query.get("after", 0)), int(query["limit"])
        ids = known[start : start + size]
        told = {
            "agreements": [self.clm.agreements[one] for one in ids],
            "cursor": str(start + len(ids)),
            "more": start + len(ids) < len(known),
        }
        return self._tell(told, ids)

    def _tell(self, answer: Any, about: list[str]) -> Reply:
        if self.is_away or self.spoils in about:
            return Reply(500, {}, b"<html>Internal Server Error</html>")
        return Reply(200, {}, json.dumps(answer).encode().replace(json.dumps(PLACE).encode(), self.absurd))
