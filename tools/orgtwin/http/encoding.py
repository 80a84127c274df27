"""Compression of bodies, with a bound on what a small body may unfold to.

Source: "Using Compression" (REST API Developer Guide): gzip and deflate in both directions.
"""

from __future__ import annotations

import gzip
import json
import zlib

from orgtwin.errors import SalesforceError

# Smaller answers gain nothing from compression.
_WORTH_COMPRESSING = 2_048
_FAST = 1
# zlib's own notation: 16 + 15 reads a gzip header, 32 + 15 detects gzip or zlib.
_GZIP_OR_ZLIB = 32 + zlib.MAX_WBITS


class TooLarge(SalesforceError):
    """A body of more bytes than its address takes."""


def too_large(limit: int) -> TooLarge:
    """In an org's words, as users of simple-salesforce pasted them. ASSUMED: the same for a body that unfolds to more."""
    return TooLarge("JSON_PARSER_ERROR", f"Maximum size of request reached. Maximum size of request is {limit} bytes.")


def unpack(body: bytes, content_encoding: str, limit: int) -> bytes:
    """The body as it was before compression. Raises for an unknown encoding, a broken stream, or more than `limit` bytes."""
    if content_encoding in ("", "identity"):
        return body
    if content_encoding not in ("gzip", "deflate"):
        raise SalesforceError(
            "UNSUPPORTED_MEDIA_TYPE", f"Content-Encoding {content_encoding} is not supported", status=415
        )
    engine = zlib.decompressobj(_GZIP_OR_ZLIB)
    try:
        plain = engine.decompress(body, limit)
    except zlib.error as error:
        raise SalesforceError("BAD_REQUEST", f"the {content_encoding} body cannot be read: {error}") from error
    if engine.unconsumed_tail:
        raise too_large(limit)
    if not engine.eof:
        raise SalesforceError("BAD_REQUEST", f"the {content_encoding} body ends in the middle")
    return plain


def worth_packing(body: bytes, accept_encoding: str) -> bool:
    return len(body) >= _WORTH_COMPRESSING and "gzip" in accept_encoding


def pack(body: bytes) -> bytes:
    return gzip.compress(body, _FAST, mtime=0)


def pretty(body: bytes) -> bytes:
    """JSON as the org prints it for X-PrettyPrint: two spaces, and a space on both sides of the colon."""
    return json.dumps(json.loads(body), indent=2, separators=(",", " : "), ensure_ascii=False).encode()
