"""Both systems are spoken to with TLS 1.2 or newer: a server that offers less is refused before anything is sent."""

import asyncio
import socket
import ssl
import warnings
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import web

from clmkit.clients.errors import Unreachable
from clmkit.clients.transport import Patience, Transport, open_session
from orgtwin.http.tls import Authority, create_authority, server_context

SECRET = "Bearer 00D-secret"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return create_authority(datetime.now(tz=UTC))


def speaking(authority: Authority, newest: ssl.TLSVersion) -> ssl.SSLContext:
    """A server that speaks this version and older ones, with ciphers that the old ones know."""
    context = server_context(authority)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings(category=DeprecationWarning, action="ignore"):  # it is what is refused here
        context.minimum_version = context.maximum_version = newest
    return context


async def ask(context: ssl.SSLContext, bundle: Path | None, address: str = "") -> tuple[str, list[str]]:
    """What came of a request, and what the server heard."""
    heard: list[str] = []

    async def answer(request: web.Request) -> web.Response:
        heard.append(request.headers["authorization"])
        return web.Response(text="well")

    app = web.Application()
    app.router.add_get("/", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    with socket.create_server(("127.0.0.1", 0)) as door:
        await web.SockSite(runner, door, ssl_context=context).start()
        url = f"https://localhost:{door.getsockname()[1]}/"
        try:
            async with open_session(bundle, address) as session:
                transport = Transport(session, Patience(attempts=1))
                reply = await transport.send("query", "GET", url, headers={"authorization": SECRET})
                return reply.body.decode(), heard
        except Unreachable as error:
            return str(error), heard
        finally:
            await runner.cleanup()


def test_a_server_that_speaks_tls_1_1_hears_nothing(authority: Authority, tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_bytes(authority.ca_certificate)
    said, heard = asyncio.run(ask(speaking(authority, ssl.TLSVersion.TLSv1_1), bundle))
    assert "does not answer: ClientConnectorError Cannot connect to host localhost:" in said
    assert heard == []


def test_a_server_that_speaks_tls_1_2_is_asked(authority: Authority, tmp_path: Path) -> None:
    bundle = tmp_path / "ca.pem"
    bundle.write_bytes(authority.ca_certificate)
    assert asyncio.run(ask(speaking(authority, ssl.TLSVersion.TLSv1_2), bundle)) == ("well", [SECRET])


@pytest.mark.parametrize("address", ["", "http://127.0.0.1:8080"])
def test_a_server_that_no_known_authority_vouches_for_hears_nothing(authority: Authority, address: str) -> None:
    said, heard = asyncio.run(ask(server_context(authority), None, address))
    assert "its certificate does not hold (unable to get local issuer certificate)" in said
    assert heard == []


@pytest.mark.parametrize(
    ("days", "why"), [(-4000, "certificate has expired"), (4000, "certificate is not yet valid")], ids=["old", "new"]
)
def test_a_server_whose_certificate_is_out_of_time_hears_nothing_and_is_named(
    days: int, why: str, tmp_path: Path
) -> None:
    authority = create_authority(datetime.now(tz=UTC) + timedelta(days=days))
    bundle = tmp_path / "ca.pem"
    bundle.write_bytes(authority.ca_certificate)
    said, heard = asyncio.run(ask(server_context(authority), bundle))
    assert said.partition(" ")[2] == (
        f"is not spoken to: its certificate does not hold ({why}). Nothing was sent. Have the certificate renewed, or name the"
        " authority that signed it in `ca_bundle`."
    )
    assert heard == []


def test_the_server_of_this_test_does_speak_tls_1_1_with_whom_it_pleases(authority: Authority) -> None:
    """Else the refusal above would show nothing."""
    client = ssl.create_default_context(cadata=authority.ca_certificate.decode())
    client.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.deprecated_call():
        client.minimum_version = ssl.TLSVersion.TLSv1_1
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    here = client.wrap_bio(to_client, to_server, server_hostname="localhost")
    there = speaking(authority, ssl.TLSVersion.TLSv1_1).wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (here, there):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    assert here.version() == "TLSv1.1"
