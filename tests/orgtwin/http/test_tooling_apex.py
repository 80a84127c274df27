"""Classes and triggers over the Tooling API, as editors save them."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest
from tests.orgtwin.http.deploying import V

from orgtwin.http.in_process import Answer, InProcess

T = f"{V}/tooling/sobjects"
GOOD = "/* class No */ public class Greeter { public static String hello() { return 'hello'; } }"
WORSE = "public class Greeter { public static String hello() { return 1; } }"
PROBLEM = "Illegal conversion from Integer to String"


@pytest.fixture
def client(org_twin_client: InProcess) -> InProcess:
    return org_twin_client


def create(client: InProcess, type_name: str, **values: object) -> str:
    answer = client.post(f"{T}/{type_name}", values)
    assert answer.status == 201, answer.text
    made: str = answer.json()["id"]
    return made


def query(client: InProcess, soql: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = client.get(f"{V}/tooling/query?q={quote(soql)}").json()["records"]
    return [{name: value for name, value in row.items() if name != "attributes"} for row in found]


def refusal(answer: Answer) -> tuple[int, str, str]:
    (error,) = answer.json()
    return answer.status, error["errorCode"], error["message"]


def hello(client: InProcess) -> bool:
    call = quote("System.assertEquals('hello', Greeter.hello());")
    success: bool = client.get(f"{V}/tooling/executeAnonymous?anonymousBody={call}").json()["success"]
    return success


def test_a_class_is_saved_under_the_name_in_its_source_and_runs(client: InProcess) -> None:
    made = create(client, "ApexClass", Body=GOOD)
    assert made[:3] == "01p"
    assert query(client, "SELECT Name, Status, IsValid FROM ApexClass WHERE Name = 'Greeter'") == [
        {"Name": "Greeter", "Status": "Active", "IsValid": True}
    ]
    assert hello(client)
    assert client.patch(f"{T}/ApexClass/{made}", {"Body": GOOD.replace("'hello'", "'bye'")}).status == 204
    assert not hello(client)
    assert client.delete(f"{T}/ApexClass/{made}").status == 204
    assert query(client, "SELECT Id FROM ApexClass WHERE Name = 'Greeter'") == []


def test_a_trigger_is_saved_and_runs(client: InProcess) -> None:
    body = "trigger Loud on Account (before insert) { for (Account a : Trigger.new) a.Name = a.Name.toUpperCase(); }"
    assert create(client, "ApexTrigger", Name="Loud", Body=body)[:3] == "01q"
    account = client.post(f"{V}/sobjects/Account", {"Name": "acme"}).json()["id"]
    assert client.get(f"{V}/sobjects/Account/{account}").json()["Name"] == "ACME"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"Body": WORSE}, (400, "FIELD_INTEGRITY_EXCEPTION", f"line 1, column 55: {PROBLEM}")),
        ({"Body": "public class {"}, (400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Body]")),
        ({"Name": "A"}, (400, "REQUIRED_FIELD_MISSING", "Required fields are missing: [Body]")),
    ],
)
def test_what_does_not_compile_is_not_saved(
    client: InProcess, values: dict[str, object], expected: tuple[int, str, str]
) -> None:
    assert refusal(client.post(f"{T}/ApexClass", values)) == expected
    assert query(client, "SELECT Id FROM ApexClass") == []


def test_a_class_is_created_once(client: InProcess) -> None:
    create(client, "ApexClass", Body=GOOD)
    assert refusal(client.post(f"{T}/ApexClass", {"Body": GOOD}))[:2] == (400, "DUPLICATE_VALUE")


def test_a_class_that_others_name_is_not_deleted(client: InProcess) -> None:
    made = create(client, "ApexClass", Body=GOOD)
    create(client, "ApexClass", Body="public class User1 { String s = Greeter.hello(); }")
    assert client.delete(f"{T}/ApexClass/{made}").status == 400
    assert hello(client)


def container_of(client: InProcess, *bodies: str) -> str:
    container = create(client, "MetadataContainer", Name="work")
    for body in bodies:
        name = body.partition("class ")[2].split()[0]
        create(client, "ApexClassMember", MetadataContainerId=container, FullName=name, Body=body)
    return container


def request(client: InProcess, **values: object) -> dict[str, object]:
    made = create(client, "ContainerAsyncRequest", **values)
    answer: dict[str, object] = client.get(f"{T}/ContainerAsyncRequest/{made}").json()
    return answer


def failures(answer: dict[str, object]) -> list[tuple[object, ...]]:
    details = answer["DeployDetails"]
    assert isinstance(details, dict)
    names = ("fullName", "lineNumber", "columnNumber", "problem", "problemType", "componentType")
    return [tuple(row[name] for name in names) for row in details["componentFailures"]]


def test_a_container_is_compiled_as_one_and_saved(client: InProcess) -> None:
    container = container_of(client, "public class A { B b; }", "public class B { A a; }")
    done = request(client, MetadataContainerId=container, IsCheckOnly=False)
    assert (done["State"], done["ErrorMsg"], failures(done)) == ("Completed", None, [])
    assert [row["Name"] for row in query(client, "SELECT Name FROM ApexClass ORDER BY Name")] == ["A", "B"]
    members = query(client, "SELECT Id, MetadataContainerId FROM ApexClassMember")
    assert {row["MetadataContainerId"] for row in members} == {done["Id"]}
    refused = client.patch(f"{T}/ApexClassMember/{members[0]['Id']}", {"Body": "x"})
    assert refusal(refused) == (400, "INVALID_OPERATION", "The member has been deployed and cannot be changed")


def test_compile_errors_are_in_the_deploy_details_and_the_member_can_be_mended(client: InProcess) -> None:
    container = container_of(client, WORSE)
    done = request(client, MetadataContainerId=container, IsCheckOnly=False)
    assert done["State"] == "Failed"
    assert failures(done) == [("Greeter", 1, 55, PROBLEM, "Error", "ApexClass")]
    assert query(client, "SELECT Id FROM ApexClass") == []
    (member,) = query(client, "SELECT Id FROM ApexClassMember")
    assert client.patch(f"{T}/ApexClassMember/{member['Id']}", {"Body": GOOD}).status == 204
    assert request(client, MetadataContainerMemberId=member["Id"], IsCheckOnly=False)["State"] == "Completed"
    assert hello(client)


def test_to_check_only_saves_nothing_and_leaves_the_members(client: InProcess) -> None:
    container = container_of(client, GOOD.removeprefix("/* class No */ "))
    done = request(client, MetadataContainerId=container, IsCheckOnly=True)
    assert (done["State"], done["IsCheckOnly"]) == ("Completed", True)
    assert query(client, "SELECT Id FROM ApexClass") == []
    assert query(client, "SELECT MetadataContainerId FROM ApexClassMember") == [{"MetadataContainerId": container}]


def test_the_end_of_a_container_is_that_of_its_members(client: InProcess) -> None:
    container = container_of(client, "public class A { }")
    assert refusal(client.post(f"{T}/MetadataContainer", {"Name": "work"}))[:2] == (400, "DUPLICATE_VALUE")
    twice = {"MetadataContainerId": container, "FullName": "A", "Body": "x"}
    assert refusal(client.post(f"{T}/ApexClassMember", twice))[:2] == (400, "DUPLICATE_VALUE")
    assert client.delete(f"{T}/MetadataContainer/{container}").status == 204
    assert query(client, "SELECT Id FROM ApexClassMember") == []


def test_a_request_is_for_a_container_or_a_member(client: InProcess) -> None:
    container = container_of(client)
    for values in ({}, {"MetadataContainerId": container, "MetadataContainerMemberId": container}):
        refused = client.post(f"{T}/ContainerAsyncRequest", values)
        assert refusal(refused)[2] == "Specify a MetadataContainerId or a MetadataContainerMemberId, but not both"
    assert refusal(client.post(f"{T}/ContainerAsyncRequest", {"MetadataContainerId": "1dc000000000009"}))[0] == 404


def test_a_working_copy_of_what_has_changed_since_is_not_saved(client: InProcess) -> None:
    made = create(client, "ApexClass", Body=GOOD)
    container = create(client, "MetadataContainer", Name="work")
    create(client, "ApexClassMember", MetadataContainerId=container, ContentEntityId=made, Body=WORSE)
    moved = client.application.twin.org.clock() + timedelta(minutes=1)
    client.application.twin.org.clock = lambda: moved
    assert client.patch(f"{T}/ApexClass/{made}", {"Body": GOOD + " "}).status == 204
    done = request(client, MetadataContainerId=container)
    assert (done["State"], done["ErrorMsg"]) == (
        "Failed",
        "Greeter has been modified since the working copy was made",
    )


def test_saved_sources_and_working_copies_tell_their_symbols(client: InProcess) -> None:
    create(client, "ApexClass", Body=GOOD)
    caller = "public class Caller {\n  String asked = Greeter.hello();\n}"
    saved = create(client, "ApexClass", Body=caller)
    trigger = "trigger Greets on Account (before insert) { String said = Greeter.hello(); }"
    create(client, "ApexTrigger", Body=trigger, TableEnumOrId="Account")
    container = create(client, "MetadataContainer", Name="C")
    member = create(client, "ApexClassMember", MetadataContainerId=container, ContentEntityId=saved, Body=caller)

    (row,) = query(client, "SELECT Name, SymbolTable FROM ApexClass WHERE Name = 'Caller'")
    table = row["SymbolTable"]
    assert isinstance(table, dict)
    assert (table["id"], table["name"], [p["name"] for p in table["properties"]]) == (saved, "Caller", ["asked"])
    (greeter,) = table["externalReferences"]
    assert (greeter["name"], greeter["references"]) == ("Greeter", [{"column": 18, "line": 2}])
    assert [(m["name"], m["references"]) for m in greeter["methods"]] == [("hello", [{"column": 26, "line": 2}])]
    assert client.get(f"{T}/ApexClassMember/{member}").json()["SymbolTable"] == table
    (row,) = query(client, "SELECT SymbolTable FROM ApexTrigger")
    assert isinstance(row["SymbolTable"], dict)
    assert [v["name"] for v in row["SymbolTable"]["variables"]] == ["said"]


def test_a_working_copy_that_did_not_compile_has_no_symbols(client: InProcess) -> None:
    create(client, "ApexClass", Body=GOOD)
    container = create(client, "MetadataContainer", Name="C")
    create(client, "ApexClassMember", MetadataContainerId=container, FullName="Greeter", Body=WORSE)
    create(client, "ContainerAsyncRequest", MetadataContainerId=container, IsCheckOnly=True)
    assert query(client, "SELECT SymbolTable FROM ApexClassMember") == [{"SymbolTable": None}]
