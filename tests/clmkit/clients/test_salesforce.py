import asyncio
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any
from urllib.parse import parse_qs

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from tests.clmkit.clients.scripted import Answer, Script, serving

from clmkit.clients.errors import LoginFailed, Refused, Unexpected, Unreachable
from clmkit.clients.outcomes import Action
from clmkit.clients.salesforce import ApiUsage, RowResult, Salesforce, quote_soql
from clmkit.clients.salesforce_login import JWT_GRANT, ClientCredentials, JwtBearer, Login, log_in
from clmkit.clients.transport import Patience, Transport, open_session, require_private

CREDENTIALS = ClientCredentials("app", "secret")
EXPIRED = Answer(401, [{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}])
ROW = {"id": "800x", "success": True, "errors": [], "created": True}


def speak(
    use: Callable[[Salesforce, Script, list[float]], Awaitable[Any]],
    *answers: Answer,
    login: Login = CREDENTIALS,
    longest: float = 0.3,
) -> Any:
    """Let the client speak with a scripted org; waits are noted, not waited."""

    async def scene() -> Any:
        waits: list[float] = []

        async def sleep(seconds: float) -> None:
            waits.append(seconds)

        async with serving(*answers) as script, open_session(None) as session:
            transport = Transport(session, Patience(attempts=4, first=0.1, longest=longest), sleep, lambda: 1.0)
            return await use(Salesforce(transport, script.url, login, "66.0"), script, waits)

    return asyncio.run(scene())


async def read_all(org: Salesforce, soql: str = "SELECT Id FROM Contract") -> list[Any]:
    return [record async for record in org.query(soql)]


def test_a_query_goes_on_to_the_last_page() -> None:
    async def use(org: Salesforce, script: Script, _: list[float]) -> None:
        assert await read_all(org) == [{"Id": "1"}, {"Id": "2"}]
        assert [one.path for one in script.asked] == [
            "/services/data/v66.0/query?q=SELECT+Id+FROM+Contract",
            "/services/data/v66.0/query/01g-2000",
        ]

    first = {
        "records": [{"Id": "1"}],
        "done": False,
        "totalSize": 2,
        "nextRecordsUrl": "/services/data/v66.0/query/01g-2000",
    }
    speak(use, Answer(body=first), Answer(body={"records": [{"Id": "2"}], "done": True, "totalSize": 2}))


def test_every_request_says_who_asks() -> None:
    async def use(org: Salesforce, script: Script, _: list[float]) -> None:
        await org.describe("Contract")
        headers = script.asked[0].headers
        assert (headers["sforce-call-options"], headers["authorization"]) == ("client=clmkit", "Bearer T1")

    speak(use, Answer(body={"fields": []}))


def test_a_collection_is_one_call_with_a_verdict_per_row() -> None:
    async def use(org: Salesforce, script: Script, _: list[float]) -> list[RowResult]:
        results = await org.upsert_collection(
            "Contract", "CLM_Id__c", [{"CLM_Id__c": "A", "CLM_ARR__c": Decimal("5.50")}, {"CLM_Id__c": "B"}]
        )
        assert script.asked[0].path == "/services/data/v66.0/composite/sobjects/Contract/CLM_Id__c"
        assert '"CLM_ARR__c":5.50' in script.asked[0].body
        assert script.asked[0].json["allOrNone"] is False
        return results

    refused = {
        "success": False,
        "errors": [{"statusCode": "STRING_TOO_LONG", "message": "too long", "fields": ["X__c"]}],
    }
    assert speak(use, Answer(body=[ROW, refused])) == [
        RowResult("800x", created=True),
        RowResult("", created=False, code="STRING_TOO_LONG", message="too long", fields=("X__c",)),
    ]


@pytest.mark.parametrize("count", [0, 201])
def test_a_collection_of_another_size_is_a_bug_of_the_caller(count: int) -> None:
    async def use(org: Salesforce, script: Script, _: list[float]) -> None:
        with pytest.raises(ValueError, match=f"a collection holds 1 to 200 records, not {count}"):
            await org.upsert_collection("Contract", "CLM_Id__c", [{}] * count)

    speak(use, Answer(body=[]))


def test_fewer_results_than_rows_are_not_taken_for_success() -> None:
    async def use(org: Salesforce, script: Script, _: list[float]) -> None:
        with pytest.raises(Unexpected, match="Salesforce answered 1 results to 2 records of Contract"):
            await org.upsert_collection("Contract", "CLM_Id__c", [{}, {}])

    speak(use, Answer(body=[ROW]))


@pytest.mark.parametrize(
    "answer",
    [
        Answer(500, [{"errorCode": "UNKNOWN_EXCEPTION", "message": "An unexpected error occurred."}]),
        Answer(503, [{"errorCode": "SERVER_UNAVAILABLE", "message": "Server Unavailable"}]),
        Answer(cut=True),
    ],
    ids=["500", "503", "cut"],
)
@pytest.mark.parametrize(("patient", "sent"), [(True, 4), (False, 1)])
def test_rows_that_are_told_apart_go_once_and_all_others_as_often_as_patience_allows(
    answer: Answer, patient: bool, sent: int
) -> None:
    async def use(org: Salesforce, script: Script, _: list[float]) -> None:
        for upsert in (org.upsert_collection, org.upsert_composite):
            script.asked.clear()
            with pytest.raises((Refused, Unreachable)):
                await upsert("Contract", "CLM_Id__c", [{"CLM_Id__c": "A"}], patient=patient)
            assert len(script.asked) == sent

    speak(use, answer)


@pytest.mark.parametrize(
    ("answer", "result"),
    [
        (Answer(201, ROW), RowResult("800x", created=True)),
        (Answer(200, {**ROW, "created": False}), RowResult("800x", created=False)),
        (Answer(204), RowResult("", created=False)),
        (
            Answer(300, ["/services/data/v66.0/sobjects/Contract/1", "/services/data/v66.0/sobjects/Contract/2"]),
            RowResult("", created=False, code="MULTIPLE_CHOICES", message="more than one record has this external ID"),
        ),
        (
            Answer(
                400,
                [
                    {
                        "message": "Required fields are missing: [AccountId]",
                        "errorCode": "REQUIRED_FIELD_MISSING",
                        "fields": ["AccountId"],
                    }
                ],
            ),
            RowResult(
                "",
                created=False,
                code="REQUIRED_FIELD_MISSING",
                message="Required fields are missing: [AccountId]",
                fields=("AccountId",),
            ),
        ),
    ],
)
def test_a_single_upsert_has_one_verdict(answer: Answer, result: RowResult) -> None:
    async def use(org: Salesforce, script: Script, _: list[float]) -> RowResult:
        verdict = await org.upsert("Contract", "CLM_Id__c", "A/1 ü", {"Status": "Draft"})
        assert script.asked[0].path == "/services/data/v66.0/sobjects/Contract/CLM_Id__c/A%2F1%20%C3%BC"
        return verdict

    assert speak(use, answer) == result


def test_an_expired_session_is_renewed_once_and_the_request_repeated() -> None:
    async def use(org: Salesforce, script: Script, _: list[float]) -> list[str]:
        await org.describe("Contract")
        return [one.headers["authorization"] for one in script.asked]

    assert speak(use, EXPIRED, Answer(body={})) == ["Bearer T1", "Bearer T2"]


def test_requests_that_are_made_together_log_in_once() -> None:
    async def use(org: Salesforce, script: Script, _: list[float]) -> int:
        await asyncio.gather(*(org.describe("Contract") for _ in range(5)))
        return script.tokens

    assert speak(use, Answer(body={})) == 1


def test_a_session_that_is_refused_right_after_its_renewal_stops_the_run() -> None:
    async def use(org: Salesforce, script: Script, _: list[float]) -> tuple[Action, int]:
        with pytest.raises(Refused) as refusal:
            await org.describe("Contract")
        return refusal.value.action, len(script.asked)

    assert speak(use, EXPIRED) == (Action.STOP, 2)


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_service_is_asked_again_after_growing_waits(status: int) -> None:
    async def use(org: Salesforce, script: Script, waits: list[float]) -> None:
        await org.describe("Contract")
        assert (waits, org.calls["describe"]) == ([0.1, 0.2], 3)

    speak(use, Answer(status), Answer(status), Answer(body={}))


@pytest.mark.parametrize(
    ("told", "waited"),
    [
        ("0", [0.0]),
        ("7", [7.1]),
        ("", [0.1]),
        ("soon", [0.1]),
        ("Sun, 22 Nov 2026 10:00:00 GMT", [0.1]),
        ("-5", [0.1]),
        ("²", [0.1]),
    ],
)
def test_who_asks_for_a_wait_gets_it(told: str, waited: list[float]) -> None:
    async def use(org: Salesforce, script: Script, waits: list[float]) -> list[float]:
        await org.describe("Contract")
        return waits

    assert speak(use, Answer(429, headers={"retry-after": told}), Answer(body={}), longest=10.0) == waited


def test_who_asks_for_a_wait_beyond_all_patience_is_refused_at_once() -> None:
    async def use(org: Salesforce, script: Script, waits: list[float]) -> tuple[list[float], int]:
        with pytest.raises(Refused):
            await org.describe("Contract")
        return waits, len(script.asked)

    assert speak(use, Answer(429, headers={"retry-after": "3600"})) == ([], 1)


def test_a_lost_answer_is_asked_for_again() -> None:
    async def use(org: Salesforce, script: Script, waits: list[float]) -> int:
        await org.describe("Contract")
        return len(script.asked)

    assert speak(use, Answer(cut=True), Answer(body={})) == 2


def test_a_service_that_stays_away_is_asked_at_once_then_after_growing_waits_then_named_with_what_to_check() -> None:
    async def use(org: Salesforce, script: Script, waits: list[float]) -> None:
        with pytest.raises(Unreachable) as failure:
            await org.describe("Contract")
        assert str(failure.value).startswith(
            f"{script.url}/services/data/v66.0/sobjects/Contract/describe does not answer: ServerDisconnected"
        )
        assert str(failure.value).endswith("Check that it runs and that the address is right.")
        assert waits == [0.0, 0.2, 0.3]

    speak(use, Answer(cut=True))


def test_too_many_requests_at_once_are_asked_again_though_the_code_is_that_of_the_daily_limit() -> None:
    async def use(org: Salesforce, script: Script, waits: list[float]) -> list[float]:
        await org.describe("Contract")
        return waits

    body = [
        {
            "message": "ConcurrentRequests (Concurrent API Requests) Limit exceeded.",
            "errorCode": "REQUEST_LIMIT_EXCEEDED",
        }
    ]
    assert speak(use, Answer(403, body), Answer(body={})) == [0.1]


def test_a_limit_that_is_used_up_stops_the_run_with_the_reason() -> None:
    async def use(org: Salesforce, script: Script, _: list[float]) -> tuple[Action, str]:
        with pytest.raises(Refused) as refusal:
            await org.describe("Contract")
        return refusal.value.action, refusal.value.outcome.reason

    body = [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]
    assert speak(use, Answer(403, body)) == (
        Action.STOP,
        "The org's API calls of the day are used up. The next run goes on where this one ended.",
    )


@pytest.mark.parametrize(
    ("header", "usage"),
    [
        ("api-usage=18/15000", ApiUsage(18, 15000)),
        ("api-usage=25/5000; per-app-api-usage=17/250(appName=x)", ApiUsage(25, 5000)),
        ("nonsense", None),
        ("", None),
    ],
)
def test_the_use_of_the_daily_calls_is_read_from_every_answer(header: str, usage: ApiUsage | None) -> None:
    async def use(org: Salesforce, script: Script, _: list[float]) -> ApiUsage | None:
        await org.describe("Contract")
        return org.api_usage

    assert speak(use, Answer(body={}, headers={"Sforce-Limit-Info": header})) == usage


def test_calls_are_counted_by_kind() -> None:
    async def use(org: Salesforce, script: Script, _: list[float]) -> dict[str, int]:
        await org.describe("Contract")
        await org.describe("Account")
        return dict(org.calls)

    assert speak(use, Answer(body={})) == {"token": 1, "describe": 2}


def test_an_answer_that_is_no_json_is_said_to_be_none() -> None:
    async def use(org: Salesforce, script: Script, _: list[float]) -> None:
        with pytest.raises(Unexpected, match="Salesforce answered 200 with a body that does not read"):
            await org.describe("Contract")

    speak(use, Answer())


def test_a_refused_login_says_so_in_the_orgs_words() -> None:
    async def use(org: Salesforce, script: Script, _: list[float]) -> None:
        async with open_session(None) as session:
            with pytest.raises(LoginFailed) as failure:
                await log_in(Transport(session), script.url + "/elsewhere?", CREDENTIALS)
        assert str(failure.value).endswith(
            "refuses the client 'app': invalid_client invalid client credentials. Check the credentials and the app's policy."
        )
        assert "secret" not in str(failure.value)

    speak(use, Answer(400, {"error": "invalid_client", "error_description": "invalid client credentials"}))


def test_a_jwt_is_signed_for_the_user_and_lives_three_minutes() -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()

    async def use(org: Salesforce, script: Script, _: list[float]) -> None:
        async with open_session(None) as session:
            with pytest.raises(LoginFailed):
                await log_in(
                    Transport(session), script.url + "/x?", JwtBearer("app", "bot@example.com", pem), now=lambda: 4e9
                )
        form = {name: values[0] for name, values in parse_qs(script.asked[0].body).items()}
        claims = jwt.decode(form["assertion"], key.public_key(), algorithms=["RS256"], audience=script.url + "/x?")
        assert form["grant_type"] == JWT_GRANT
        assert (claims["iss"], claims["sub"], claims["exp"]) == ("app", "bot@example.com", 4_000_000_180)

    speak(use, Answer(400, {"error": "invalid_grant"}))


def test_credentials_are_not_shown() -> None:
    assert repr(CREDENTIALS) == "ClientCredentials(client_id='app')"
    assert repr(JwtBearer("app", "bot@example.com", "PEM")) == "JwtBearer(client_id='app', username='bot@example.com')"


@pytest.mark.parametrize(
    ("url", "message"),
    [
        (
            "http://example.com",
            "http://example.com is plain http; only addresses of this machine may be used without TLS",
        ),
        ("ftp://example.com", "'ftp://example.com' is not an http or https address"),
        ("example.com", "'example.com' is not an http or https address"),
    ],
)
def test_tokens_do_not_travel_in_the_open(url: str, message: str) -> None:
    with pytest.raises(ValueError, match=message.replace("(", r"\(")):
        require_private(url)


@pytest.mark.parametrize(("text", "literal"), [("O'Neil", r"'O\'Neil'"), ("a\\b\n", r"'a\\b\n'"), ("", "''")])
def test_text_is_quoted_for_soql(text: str, literal: str) -> None:
    assert quote_soql(text) == literal


def test_the_orgs_own_record_of_changes_is_read_by_minutes() -> None:
    async def use(org: Salesforce, script: Script, _: list[float]) -> None:
        span = ("2026-11-22T00:00:00Z", "2026-11-22T01:00:00Z")
        assert await org.read_updated("Contract", *span) == ["800x"]
        assert await org.read_deleted("Contract", *span) == {"800y": "2026-11-22T00:30:00.000+0000"}
        query = "start=2026-11-22T00:00:00Z&end=2026-11-22T01:00:00Z"
        assert [one.path.partition("/sobjects/")[2] for one in script.asked] == [
            f"Contract/updated?{query}",
            f"Contract/deleted?{query}",
        ]

    gone = {"deletedRecords": [{"id": "800y", "deletedDate": "2026-11-22T00:30:00.000+0000"}]}
    speak(
        use, Answer(body={"ids": ["800x"], "latestDateCovered": ""}), Answer(body={**gone, "earliestDateAvailable": ""})
    )
