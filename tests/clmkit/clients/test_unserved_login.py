"""A token endpoint that cannot answer now has refused nobody: that is an outage, which time heals."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from clmkit.clients.clm import ClmCredentials
from clmkit.clients.errors import Unreachable
from clmkit.clients.salesforce_login import ClientCredentials, log_in
from clmkit.clients.transport import Reply
from clmkit.connectors import DescribedClm, load_description

URL = "https://example.com"


class Busy:
    """A service that answers everything with one status."""

    def __init__(self, status: int) -> None:
        self.reply = Reply(status, {}, b'{"error": "SERVER_UNAVAILABLE", "error_description": "Server Unavailable"}')

    async def send(self, *_: object, **__: object) -> Reply:
        return self.reply


def ask_clm(service: Any) -> object:
    clm = DescribedClm(service, URL, ClmCredentials("kit", "secret"), load_description("clm", Path()))
    return asyncio.run(clm.get_agreement("AGR-000001"))


def ask_salesforce(service: Any) -> object:
    return asyncio.run(log_in(service, URL, ClientCredentials("app", "secret")))


@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize(
    ("ask", "path"), [(ask_clm, "/oauth/token"), (ask_salesforce, "/services/oauth2/token")], ids=["CLM", "Salesforce"]
)
def test_a_login_that_is_not_served_says_that_nobody_answers(ask: Any, path: str, status: int) -> None:
    with pytest.raises(Unreachable) as failed:
        ask(Busy(status))
    assert str(failed.value) == (
        f"{URL}{path} does not answer: HTTP {status}. Check that it runs and that the address is right."
    )
