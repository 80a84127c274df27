"""Whatever is sent as an assertion is refused in the words of OAuth, and signs nobody in."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.orgtwin.auth.stage import TOKEN, Org, Signer

from orgtwin.auth.apps import Flow

_PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
_JSON = st.recursive(
    _PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
)
_CLAIMS = st.dictionaries(st.sampled_from(["iss", "sub", "aud", "exp", "nbf", "iat", "jti"]), _JSON, max_size=5)
_HEADERS = st.dictionaries(st.sampled_from(["alg", "typ", "kid", "crit", "b64", "zip"]), _JSON, max_size=3)


@pytest.fixture(scope="module")
def keeper(signer: Signer) -> Org:
    return Org(signer.certificate)


def encoded(part: object) -> bytes:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=")


def outcome(org: Org, assertion: str) -> tuple[int, str]:
    answer = org.post(TOKEN, grant_type=Flow.JWT_BEARER, assertion=assertion)
    return answer.status, answer.json()["error"]


REFUSED = [(400, "invalid_grant"), (400, "invalid_client_id")]


@given(st.text(max_size=200))
def test_any_text_is_no_assertion(keeper: Org, text: str) -> None:
    assert outcome(keeper, text) in REFUSED


@given(_HEADERS, _CLAIMS, st.binary(max_size=300))
def test_parts_that_nobody_signed_are_no_assertion(
    keeper: Org, header: dict[str, Any], claims: dict[str, Any], signature: bytes
) -> None:
    parts = (
        encoded({"alg": "RS256", **header}),
        encoded({**keeper.claims(), **claims}),
        base64.urlsafe_b64encode(signature),
    )
    assert outcome(keeper, b".".join(parts).decode()) in REFUSED


@given(st.dictionaries(st.sampled_from(["iss", "sub", "aud", "exp"]), _JSON, min_size=1, max_size=4))
def test_signed_claims_that_are_not_right_are_refused(keeper: Org, signer: Signer, claims: dict[str, Any]) -> None:
    assert outcome(keeper, signer.sign(**{**keeper.claims(), "exp": 0, **claims})) in REFUSED
