"""Debug logs and Apex REST as clients of the org meet them."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest
from tests.orgtwin.http.deploying import V, deploy_well

from orgtwin.apex import kept_logs
from orgtwin.http.in_process import InProcess
from orgtwin.seed import administrator

TOOLING = f"{V}/tooling"
META = "<ApexClass><apiVersion>66.0</apiVersion><status>Active</status></ApexClass>"
SOURCE = "insert new Account(Name = 'x');\nSystem.debug([SELECT COUNT() FROM Account]);\nInteger n = 1 / 0;"
ECHO = """@RestResource(urlMapping='/echo/*')
global class Echo {
  @HttpGet global static String read() { RestRequest r = RestContext.request; return told(r) + ' ' + r.headers.get('X-Kind'); }
  @HttpPost global static Map<String, Integer> add(String name, Integer n) {
    insert new Account(Name = name);
    RestContext.response.statusCode = 201;
    RestContext.response.addHeader('X-Kind', 'echo');
    if (n == 0) { throw new IllegalArgumentException('n is 0'); }
    return new Map<String, Integer>{ 'n' => n + 1 };
  }
  private static String told(RestRequest r) { return r.requestURI + ' ' + r.params.get('q'); }
}"""


def run(client: InProcess, source: str) -> None:
    answer = client.get(f"{TOOLING}/executeAnonymous?anonymousBody={quote(source, safe='')}")
    assert answer.status == 200, answer.text


def trace(client: InProcess, start: str | None = None, end: str | None = None) -> str:
    """A TraceFlag on the administrator, from now for a day unless told; its id."""
    level = client.post(f"{TOOLING}/sobjects/DebugLevel", {"DeveloperName": "Fine", "MasterLabel": "Fine"})
    assert level.status == 201, level.text
    flag = {
        "TracedEntityId": administrator(client.application.twin.org).user_id,
        "LogType": "USER_DEBUG",
        "DebugLevelId": level.json()["id"],
        "StartDate": start,
        "ExpirationDate": end,
    }
    made = client.post(f"{TOOLING}/sobjects/TraceFlag", flag)
    assert made.status == 201, made.text
    return str(made.json()["id"])


def logs(client: InProcess) -> list[dict[str, object]]:
    soql = "SELECT Id, LogUserId, Operation, Request, Status, LogLength, StartTime, Location FROM ApexLog ORDER BY StartTime"
    answer = client.get(f"{TOOLING}/query?q={soql}")
    assert answer.status == 200, answer.text
    found: list[dict[str, object]] = answer.json()["records"]
    return found


def test_what_a_traced_user_runs_is_kept_with_the_platforms_event_names(org_twin_client: InProcess) -> None:
    trace(org_twin_client)
    run(org_twin_client, SOURCE)
    (log,) = logs(org_twin_client)
    body = org_twin_client.get(f"{TOOLING}/sobjects/ApexLog/{log['Id']}/Body")
    assert (body.status, body.headers["content-type"]) == (200, "text/plain;charset=UTF-8")
    assert body.text.splitlines()[:4] == [
        "66.0 APEX_CODE,DEBUG;APEX_PROFILING,INFO;CALLOUT,INFO;DATA_ACCESS,INFO;DB,INFO;NBA,INFO;SYSTEM,DEBUG;VALIDATION,INFO;"
        "VISUALFORCE,INFO;WAVE,INFO;WORKFLOW,INFO",
        *(f"Execute Anonymous: {line}" for line in SOURCE.splitlines()),
    ]
    lines = [line.split("|") for line in body.text.splitlines() if "|" in line]
    user_id = administrator(org_twin_client.application.twin.org).user_id
    zone = "(GMT+00:00) Greenwich Mean Time (Europe/London)|GMT+00:00"
    assert ["|".join(parts[1:]) for parts in lines] == [
        f"USER_INFO|[EXTERNAL]|{user_id[:15]}|admin@orgtwin.example|{zone}",
        "EXECUTION_STARTED",
        "CODE_UNIT_STARTED|[EXTERNAL]|execute_anonymous_apex",
        "DML_BEGIN|[1]|Op:Insert|Type:Account|Rows:1",
        "DML_END|[1]",
        "SOQL_EXECUTE_BEGIN|[2]|Aggregations:0|SELECT COUNT() FROM Account",
        "SOQL_EXECUTE_END|[2]|Rows:1",
        "USER_DEBUG|[2]|DEBUG|1",
        "EXCEPTION_THROWN|[3]|System.MathException: Divide by 0",
        "FATAL_ERROR|System.MathException: Divide by 0",
        "CUMULATIVE_LIMIT_USAGE",
        "LIMIT_USAGE_FOR_NS|(default)|",
        "CUMULATIVE_LIMIT_USAGE_END",
        "CODE_UNIT_FINISHED|execute_anonymous_apex",
        "EXECUTION_FINISHED",
    ]
    elapsed = [int(parts[0].split("(")[1].rstrip(")")) for parts in lines]
    assert elapsed == sorted(elapsed)
    assert elapsed[-1] > 0
    assert log["LogLength"] == len(body.body)
    assert (log["Operation"], log["Request"]) == (f"{TOOLING}/executeAnonymous/", "Api")
    assert (log["Status"], log["Location"]) == ("Divide by 0", "Monitoring")
    assert org_twin_client.get(f"{V}/sobjects/ApexLog/{log['Id']}/Body").text == body.text


def test_a_log_of_what_went_well_ends_with_the_limits_used(org_twin_client: InProcess) -> None:
    trace(org_twin_client)
    run(org_twin_client, "insert new Account(Name = 'x');")
    (log,) = logs(org_twin_client)
    body = org_twin_client.get(f"{TOOLING}/sobjects/ApexLog/{log['Id']}/Body").text
    assert log["Status"] == "Success"
    assert [line.split("|")[1] for line in body.splitlines() if "|" in line][-5:] == [
        *("CUMULATIVE_LIMIT_USAGE", "LIMIT_USAGE_FOR_NS", "CUMULATIVE_LIMIT_USAGE_END"),
        *("CODE_UNIT_FINISHED", "EXECUTION_FINISHED"),
    ]
    assert "  Number of DML statements: 1 out of 150\n" in body


@pytest.mark.parametrize(
    ("start", "end"),
    [("2000-01-01T00:00:00Z", "2000-01-02T00:00:00Z"), ("2999-01-01T00:00:00Z", "2999-01-02T00:00:00Z")],
    ids=["over", "to come"],
)
def test_outside_the_time_of_its_flag_nothing_is_kept(org_twin_client: InProcess, start: str, end: str) -> None:
    trace(org_twin_client, start, end)
    run(org_twin_client, SOURCE)
    assert logs(org_twin_client) == []


def test_a_flag_that_is_deleted_traces_no_more_and_a_deleted_log_is_gone(org_twin_client: InProcess) -> None:
    flag = trace(org_twin_client)
    run(org_twin_client, SOURCE)
    assert org_twin_client.delete(f"{TOOLING}/sobjects/TraceFlag/{flag}").status == 204
    run(org_twin_client, SOURCE)
    (log,) = logs(org_twin_client)
    address = f"{TOOLING}/sobjects/ApexLog/{log['Id']}"
    assert org_twin_client.delete(address).status == 204
    assert logs(org_twin_client) == []
    assert org_twin_client.get(f"{address}/Body").status == 404
    assert org_twin_client.delete(address).status == 404


TRIGGER = """trigger Tells on Account (before insert) {
  System.debug('saved ' + Trigger.new.size());
  if (Trigger.new[0].Name == 'no') { Trigger.new[0].addError('refused'); }
  System.enqueueJob(new Later());
}"""
LATER = "public class Later implements Queueable { public void execute(QueueableContext c) { System.debug('later'); } }"
TRIGGER_META = "<ApexTrigger><apiVersion>66.0</apiVersion><status>Active</status></ApexTrigger>"


@pytest.mark.parametrize(("name", "status", "ran"), [("yes", 201, True), ("no", 400, False)], ids=["saved", "refused"])
def test_a_save_and_a_job_of_a_traced_user_leave_their_logs(
    org_twin_client: InProcess, name: str, status: int, ran: bool
) -> None:
    files = {"classes/Later.cls": LATER, "classes/Later.cls-meta.xml": META, "triggers/Tells.trigger": TRIGGER}
    files["triggers/Tells.trigger-meta.xml"] = TRIGGER_META
    deploy_well(org_twin_client, files, {"ApexClass": ["Later"], "ApexTrigger": ["Tells"]})
    trace(org_twin_client)
    assert org_twin_client.post(f"{V}/sobjects/Account", {"Name": name}).status == status
    bodies = {
        str(log["Operation"]): org_twin_client.get(f"{TOOLING}/sobjects/ApexLog/{log['Id']}/Body").text
        for log in logs(org_twin_client)
    }
    assert sorted(bodies) == (["QueueableHandler", "Save"] if ran else ["Save"])
    tells = org_twin_client.get(f"{TOOLING}/query?q=SELECT Id FROM ApexTrigger").json()["records"][0]["Id"][:15]
    unit = f"{tells}|Tells on Account trigger event BeforeInsert|__sfdc_trigger/Tells"
    assert "|CODE_UNIT_STARTED|[EXTERNAL]|TRIGGERS\n" in bodies["Save"]
    assert f"|CODE_UNIT_STARTED|[EXTERNAL]|{unit}\n" in bodies["Save"]
    assert "|USER_DEBUG|[2]|DEBUG|saved 1\n" in bodies["Save"]
    if ran:
        assert "|CODE_UNIT_STARTED|[EXTERNAL]|Later\n" in bodies["QueueableHandler"]
        assert "|USER_DEBUG|[1]|DEBUG|later\n" in bodies["QueueableHandler"]


def test_apex_rest_and_tests_of_a_traced_user_leave_their_logs(org_twin_client: InProcess) -> None:
    test = "@IsTest class EchoTest { @IsTest static void one() { System.debug('one'); } @IsTest static void two() { } }"
    files = {"classes/Echo.cls": ECHO, "classes/EchoTest.cls": test}
    files |= {f"{path}-meta.xml": META for path in list(files)}
    deploy_well(org_twin_client, files, {"ApexClass": ["Echo", "EchoTest"]})
    trace(org_twin_client)
    assert org_twin_client.post("/services/apexrest/echo/", {"name": "lost", "n": 0}).status == 500
    ran = org_twin_client.post(f"{TOOLING}/runTestsSynchronous", {"classNames": "EchoTest"})
    assert ran.status == 200, ran.text
    told = {log["Operation"]: log for log in logs(org_twin_client)}
    assert {name: log["Status"] for name, log in told.items()} == {
        "/services/apexrest/echo/": "n is 0",
        "ApexTestHandler": "Success",
    }
    text = f"{TOOLING}/query?q=SELECT ApexLogId FROM ApexTestResult"
    kept = {row["ApexLogId"] for row in org_twin_client.get(text).json()["records"]}
    assert kept == {told["ApexTestHandler"]["Id"]}
    rest, tests = (
        org_twin_client.get(f"{TOOLING}/sobjects/ApexLog/{told[name]['Id']}/Body").text
        for name in ("/services/apexrest/echo/", "ApexTestHandler")
    )
    assert "|Echo.add()\n" in rest
    assert "|FATAL_ERROR|System.IllegalArgumentException: n is 0\n\nClass.Echo.add: line 8, column 1\n" in rest
    assert [line.split("|")[-1] for line in tests.splitlines() if "|CODE_UNIT_FINISHED|" in line] == [
        "EchoTest.one()",
        "EchoTest.two()",
    ]


def test_two_flags_of_one_user_at_a_time_are_refused(org_twin_client: InProcess) -> None:
    trace(org_twin_client)
    level = org_twin_client.get(f"{TOOLING}/query?q=SELECT Id FROM DebugLevel").json()["records"][0]["Id"]
    user_id = administrator(org_twin_client.application.twin.org).user_id
    flag = {
        "TracedEntityId": user_id,
        "LogType": "USER_DEBUG",
        "DebugLevelId": level,
    }
    made = org_twin_client.post(f"{TOOLING}/sobjects/TraceFlag", flag)
    assert (made.status, made.json()[0]["errorCode"]) == (400, "FIELD_INTEGRITY_EXCEPTION")
    assert made.json()[0]["message"] == (
        "This entity is already being traced by a trace flag with a start and expiration date that overlap this trace flag's start"
        " and expiration date.: Traced Entity ID"
    )
    assert org_twin_client.post(f"{TOOLING}/sobjects/TraceFlag", {**flag, "LogType": "DEVELOPER_LOG"}).status == 201


@pytest.mark.parametrize(("end", "status"), [("2999-01-02T00:00:00Z", 201), ("2999-01-02T00:00:01Z", 400)])
def test_a_flag_lasts_a_day_at_most(org_twin_client: InProcess, end: str, status: int) -> None:
    """Source: "Debug Log Levels", TraceFlag; the first words of the text from a report of an editor's users."""
    level = org_twin_client.post(f"{TOOLING}/sobjects/DebugLevel", {"DeveloperName": "Fine", "MasterLabel": "Fine"})
    flag = {
        "TracedEntityId": administrator(org_twin_client.application.twin.org).user_id,
        "LogType": "USER_DEBUG",
        "DebugLevelId": level.json()["id"],
        "StartDate": "2999-01-01T00:00:00Z",
        "ExpirationDate": end,
    }
    made = org_twin_client.post(f"{TOOLING}/sobjects/TraceFlag", flag)
    assert made.status == status
    if status == 400:
        assert made.json()[0]["message"] == "Set ExpirationDate to be less than 24 hours from StartDate."


def test_a_flag_on_a_class_changes_the_levels_of_a_log_and_makes_none(org_twin_client: InProcess) -> None:
    """Source: "Debug Log Filtering for Apex Classes and Apex Triggers" (Salesforce Help)."""
    deploy_well(
        org_twin_client, {"classes/Later.cls": LATER, "classes/Later.cls-meta.xml": META}, {"ApexClass": ["Later"]}
    )
    class_id = org_twin_client.get(f"{TOOLING}/query?q=SELECT Id FROM ApexClass").json()["records"][0]["Id"]
    level = {"DeveloperName": "All", "MasterLabel": "All", "ApexCode": "FINE", "System": "NONE"}
    level_id = org_twin_client.post(f"{TOOLING}/sobjects/DebugLevel", level).json()["id"]
    flag = {"TracedEntityId": class_id, "LogType": "CLASS_TRACING", "DebugLevelId": level_id}
    assert org_twin_client.post(f"{TOOLING}/sobjects/TraceFlag", flag).status == 201
    run(org_twin_client, "new Later().execute(null);")
    assert logs(org_twin_client) == []
    trace(org_twin_client)
    run(org_twin_client, "new Later().execute(null);")
    (log,) = logs(org_twin_client)
    body = org_twin_client.get(f"{TOOLING}/sobjects/ApexLog/{log['Id']}/Body").text
    assert f"|METHOD_ENTRY|[1]|{class_id[:15]}|Later.execute(System.QueueableContext)\n" in body


def test_old_logs_go_and_too_many_stand_in_the_way_of_flags(
    org_twin_client: InProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Source: "Debug Log Limits" (Apex Developer Guide)."""
    flag = trace(org_twin_client)
    run(org_twin_client, SOURCE)
    (old,) = logs(org_twin_client)
    org = org_twin_client.application.twin.org
    later = org.clock() + timedelta(days=7, seconds=1)
    monkeypatch.setattr(org, "clock", lambda: later)
    again = f'{{"StartDate": null, "ExpirationDate": "{(later + timedelta(hours=1)).isoformat()}"}}'
    address = f"{TOOLING}/sobjects/TraceFlag/{flag}"
    assert org_twin_client.request("PATCH", address, body=again.encode()).status == 204
    run(org_twin_client, SOURCE)
    (kept,) = logs(org_twin_client)
    assert kept["Id"] != old["Id"]
    monkeypatch.setattr(kept_logs, "MOST_BYTES", 100)
    refused = org_twin_client.request("PATCH", address, body=b'{"StartDate": null}')
    assert refused.json()[0]["message"] == (
        "You have 0 MB of the maximum 0 MB of debug logs. Before you can edit trace flags, delete some debug logs."
    )


@pytest.fixture
def echo(org_twin_client: InProcess) -> InProcess:
    files = {"classes/Echo.cls": ECHO, "classes/Echo.cls-meta.xml": META}
    deploy_well(org_twin_client, files, {"ApexClass": ["Echo"]})
    return org_twin_client


def accounts(client: InProcess) -> list[str]:
    return [row["Name"] for row in client.get(f"{V}/query?q=SELECT Name FROM Account").json()["records"]]


def test_get_answers_with_the_result_as_json(echo: InProcess) -> None:
    answer = echo.request("GET", "/services/apexrest/echo/a%20b?q=c%26d", headers={"x-kind": "k"})
    assert (answer.status, answer.json()) == (200, "/echo/a b c&d k")
    assert answer.headers["content-type"] == "application/json;charset=UTF-8"


def test_post_writes_sets_status_and_header_and_answers(echo: InProcess) -> None:
    answer = echo.post("/services/apexrest/echo/", {"name": "kept", "n": 1})
    assert (answer.status, answer.json(), answer.headers["x-kind"]) == (201, {"n": 2}, "echo")
    assert accounts(echo) == ["kept"]


def test_an_exception_is_an_apex_error_and_takes_back_what_was_written(echo: InProcess) -> None:
    answer = echo.post("/services/apexrest/echo/", {"name": "lost", "n": 0})
    assert answer.status == 500
    assert answer.json() == [
        {
            "message": "System.IllegalArgumentException: n is 0\n\nClass.Echo.add: line 8, column 1",
            "errorCode": "APEX_ERROR",
        }
    ]
    assert accounts(echo) == []


@pytest.mark.parametrize(
    ("verb", "path", "status", "code"),
    [("GET", "/none", 404, "NOT_FOUND"), ("DELETE", "/echo/1", 405, "METHOD_NOT_ALLOWED")],
)
def test_what_no_class_answers_is_refused(echo: InProcess, verb: str, path: str, status: int, code: str) -> None:
    answer = echo.request(verb, f"/services/apexrest{path}")
    assert (answer.status, answer.json()[0]["errorCode"]) == (status, code)


def test_without_a_session_apex_rest_is_closed(echo: InProcess) -> None:
    answer = echo.as_caller(None).get("/services/apexrest/echo/1")
    assert (answer.status, answer.json()[0]["errorCode"]) == (401, "INVALID_SESSION_ID")
