"""multipart/form-data and multipart/mixed bodies: metadata deploys, blobs, Bulk 2.0 jobs with their data.

Source: RFC 2046 and "Insert or Update Blob Data" (REST API Developer Guide).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from orgtwin.errors import SalesforceError

_BOUNDARY = re.compile(r'boundary="?([^";]+)"?', re.IGNORECASE)
_PARAMETER = re.compile(r';\s*([\w*-]+)=(?:"((?:[^"\\]|\\.)*)"|([^;]*))')
_MAX_PARTS = 100


@dataclass(frozen=True, slots=True)
class Part:
    """One part; `name` and `filename` are those of its Content-Disposition."""

    name: str
    filename: str | None
    content_type: str
    content: bytes


def is_multipart(content_type: str) -> bool:
    return content_type.lower().startswith("multipart/")


def parse_multipart(body: bytes, content_type: str) -> list[Part]:
    """The parts in order. Raises for a body without its boundary, or with more than 100 parts."""
    found = _BOUNDARY.search(content_type)
    if found is None:
        raise SalesforceError("INVALID_MULTIPART_REQUEST", "The multipart request has no boundary")
    marker = b"--" + found.group(1).strip().encode("latin-1")
    pieces = (b"\r\n" + body).split(b"\r\n" + marker)
    if len(pieces) < 3 or not pieces[-1].startswith(b"--"):
        raise SalesforceError("INVALID_MULTIPART_REQUEST", "The multipart request ends before its closing boundary")
    if len(pieces) - 2 > _MAX_PARTS:
        raise SalesforceError("INVALID_MULTIPART_REQUEST", f"The multipart request has more than {_MAX_PARTS} parts")
    return [_part(piece) for piece in pieces[1:-1]]


def get_part(parts: list[Part], *names: str) -> Part:
    """The first part with one of these names. Raises when there is none."""
    for part in parts:
        if part.name in names:
            return part
    raise SalesforceError("INVALID_MULTIPART_REQUEST", f"The multipart request has no part named {' or '.join(names)}")


def _part(piece: bytes) -> Part:
    head, separator, content = piece.lstrip(b" \t").removeprefix(b"\r\n").partition(b"\r\n\r\n")
    if not separator:
        raise SalesforceError("INVALID_MULTIPART_REQUEST", "A part of the multipart request has no header")
    headers = {}
    for line in head.decode("utf-8", "replace").split("\r\n"):
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    disposition = headers.get("content-disposition", "")
    parameters = {m[0].lower(): m[1] or m[2] for m in _PARAMETER.findall(disposition)}
    return Part(
        parameters.get("name", ""), parameters.get("filename"), headers.get("content-type", "text/plain"), content
    )
