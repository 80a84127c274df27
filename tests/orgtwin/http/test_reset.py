"""After a reset the org equals a fresh one, and after going back the one of the snapshot, wherever a trace may stay.

Both are seen from outside (every address that needs no name, every row of every object, Tooling records too) and from inside (how
much every store of the process holds). What a process keeps is found by walking: a new store is looked at without being named.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from tests.orgtwin.events.stage import Listening, Stage, V
from tests.orgtwin.metadata.conftest import package_of

from orgtwin.http.surfaces import ROUTES
from orgtwin.http.twin import Twin
from orgtwin.metadata.archive import write_archive
from orgtwin.org import Org
from orgtwin.records.table import RecordTable
from orgtwin.seed import administrator
from orgtwin.soql.catalog import VirtualTables

CLASS = """public class Nightly implements Schedulable {
  public void execute(SchedulableContext context) { insert new Account(Name = 'nightly'); }
}"""
APEX = """System.schedule('once', '0 0 12 1 1 ? 2090', new Nightly());
Messaging.SingleEmailMessage mail = new Messaging.SingleEmailMessage();
mail.setToAddresses(new List<String>{ 'a@example.com' });
mail.setSubject('told'); mail.setPlainTextBody('x');
Messaging.sendEmail(new List<Messaging.SingleEmailMessage>{ mail });"""
META = "<ApexClass><apiVersion>66.0</apiVersion><status>Active</status></ApexClass>"
TEST = "@isTest class NightlyTest { @isTest static void runs() { System.assert(true); } }"
GOES_ON = {"auth.apps", "auth.sessions", "auth.grants", "in_flight"}  # what a reset leaves, as it says
ELSEWHERE = {"house", "org", "dispatch"}
NOT_READ = ("{", "**", "executeAnonymous", "singleaccess")  # a name, any name, a deed, a password that counts once
IN_THIS_PROCESS_ALONE = {
    *(f"outside {V}/jobs/{kind}" for kind in ("ingest", "query")),
    *(f"outside tooling apextest{kind}" for kind in ("queueitem", "result", "runresult")),
    "outside tooling apexcodecoverageaggregate",  # what those runs covered
    *(f"outside /twin/admin/{kind}" for kind in ("faults", "latency")),
}
_STORES = (dict, list, set, deque)


# ---- what there is to be seen


def open_addresses() -> Iterator[tuple[str, bool]]:
    """Every address that is read without knowing a name, and whether it is the twin's own."""
    for route in ROUTES:
        path = route.template.replace("{version}", "v66.0")
        if route.method == "GET" and not any(part in path for part in NOT_READ):
            yield path, path.startswith("/twin/")


def seen_from_outside(stage: Stage) -> dict[str, object]:
    found: dict[str, object] = {}
    for path, is_admin in open_addresses():
        answer = (stage.admin if is_admin else stage.client).get(path)
        found[path] = (answer.status, answer.body)
    del found["/twin/admin/snapshots"]  # they outlive a reset, or nobody could go back
    for name in sorted(stage.twin.tooling_tables._tables):  # all that are registered
        found[f"tooling {name}"] = stage.client.get(f"{V}/tooling/query?q=SELECT Id FROM {name} LIMIT 200").body
    return found


def records(org: Org) -> dict[str, object]:
    def rows(table: RecordTable) -> object:
        readers = [table.reader(f.api_name) for f in table.type.fields if not f.formula]
        kept = (*table.rows(), *table.deleted_rows())
        return [[read(row) for read in readers] for row in kept]

    found: dict[str, object] = {t.api_name: rows(org.table(t.api_name)) for t in org.schema}
    return found | {"types": sorted(org.schema, key=lambda t: t.api_name), "settings": dict(org.settings)}


def stores(thing: object, path: str = "") -> Iterator[tuple[str, int]]:
    """How much everything holds that can be reached from a twin."""
    for name, value in sorted(_attributes(thing).items()):
        here = f"{path}.{name}".lstrip(".")
        if name in ELSEWHERE or here in GOES_ON:
            continue
        if isinstance(value, _STORES):
            yield here, len(value)
            for part in value.values() if isinstance(value, dict) else ():
                if _is_ours(part) and here == "_parts":
                    yield from stores(part, f"{here}[{type(part).__name__}]")
        elif _is_ours(value):
            yield from stores(value, here)


def _is_ours(value: object) -> bool:
    ours = type(value).__module__.startswith("orgtwin.")
    return ours and hasattr(value, "__dict__") and not isinstance(value, (Org, Twin, VirtualTables))


def _attributes(thing: object) -> dict[str, Any]:
    return dict(vars(thing)) if hasattr(thing, "__dict__") else {}


def state(stage: Stage) -> dict[str, object]:
    used = {name: (a.used, a.maximum) for name in stage.twin.allocations for a in (stage.twin.allocations[name],)}
    bus = stage.twin.events.bus
    told: dict[str, object] = {
        "used": used,
        "events": (bus.earliest, [event.replay_id for event in bus.kept], dict(stage.twin.events.committed_replays)),
        "numbers": (stage.twin.org.ids.position(), dict(stage.twin.org.numbers)),
        "records": records(stage.twin.org),
    }
    return told | {"outside": seen_from_outside(stage), "stores": dict(stores(stage.twin))}


# ---- what leaves traces


def use_limits_and_admin(stage: Stage) -> None:
    assert stage.admin.request("PUT", "/twin/admin/limits", json={"DailyApiRequests": 500_000}).status == 204
    assert stage.admin.post("/twin/admin/faults", {"name": "row_lock", "object": "Lead"}).status == 201
    assert stage.admin.request("PUT", "/twin/admin/latency", json={"call": 0.001}).status == 200
    refused = stage.client.as_caller(None).request(
        "POST",
        "/services/oauth2/token",
        body=b"grant_type=client_credentials&client_id=nobody&client_secret=x",
        headers={"content-type": "application/x-www-form-urlencoded"},
    )
    assert refused.status == 400


def use_records(stage: Stage) -> None:
    account = stage.create("Account", Name="Acme")
    stage.client.get(f"{V}/sobjects/Account/{account}")
    stage.client.get(f"{V}/query?q=SELECT Id, Name FROM Account WHERE Id = '{account}' FOR VIEW")
    assert stage.client.delete(f"{V}/sobjects/Account/{stage.create('Account', Name='Gone')}").status == 204
    for at in range(2):
        rows = [{"attributes": {"type": "Account"}, "Name": f"{at} {number}"} for number in range(150)]
        assert stage.client.post(f"{V}/composite/sobjects", {"records": rows}).status == 200
    page = stage.client.get(f"{V}/query?q=SELECT Id FROM Account", sforce_query_options="batchSize=200").json()
    assert not page["done"]
    profile = stage.client.get(f"{V}/query?q=SELECT Id FROM Profile LIMIT 1").json()["records"][0]["Id"]
    user = {"Username": "new@example.com", "LastName": "New", "Email": "new@example.com", "Alias": "new"}
    locale = {
        "TimeZoneSidKey": "GMT",
        "LocaleSidKey": "en_US",
        "EmailEncodingKey": "UTF-8",
        "LanguageLocaleKey": "en_US",
    }
    stage.create("User", ProfileId=profile, **user, **locale)
    assert stage.admin.post("/twin/admin/sessions", {"username": "new@example.com"}).status == 201


def use_bulk(stage: Stage) -> None:
    job = stage.client.post(f"{V}/jobs/ingest", {"object": "Account", "operation": "insert"}).json()["id"]
    stage.client.request("PUT", f"{V}/jobs/ingest/{job}/batches", body=b"Name\nBulk\n")
    assert stage.client.patch(f"{V}/jobs/ingest/{job}", {"state": "UploadComplete"}).status == 200
    asked = {"operation": "query", "query": "SELECT Id FROM Account"}
    assert stage.client.post(f"{V}/jobs/query", asked).status == 200
    old = {"operation": "insert", "object": "Account", "contentType": "JSON"}
    bulk = stage.client.post("/services/async/66.0/job", old, x_sfdc_session=stage.client.token or "")
    assert bulk.status == 201, bulk.text


def use_events(stage: Stage) -> None:
    listening = Listening(stage.client)
    assert listening.subscribe("/event/Seen__e")["successful"]
    stage.create("Seen__e", Deal__c="d")
    stage.create("Contact", LastName="new")
    assert len(listening.poll()) == 1


def use_apex(stage: Stage) -> None:
    files = {f"classes/{name}.cls": body for name, body in (("Nightly", CLASS), ("NightlyTest", TEST))}
    files |= {f"{path}-meta.xml": META for path in files}
    stage.deploy(write_archive(package_of(files, {"ApexClass": ["Nightly", "NightlyTest"]})))
    level = tooling(stage, "DebugLevel", DeveloperName="All", MasterLabel="All", ApexCode="DEBUG")
    who = administrator(stage.twin.org).user_id
    ends = (stage.now + timedelta(hours=1)).isoformat()
    tooling(stage, "TraceFlag", TracedEntityId=who, DebugLevelId=level, LogType="DEVELOPER_LOG", ExpirationDate=ends)
    ran = stage.client.get(f"{V}/tooling/executeAnonymous?anonymousBody={quote(APEX, safe='')}")
    assert ran.json()["success"], ran.text
    assert stage.client.post(f"{V}/tooling/runTestsAsynchronous", {"classNames": "NightlyTest"}).status == 200


def tooling(stage: Stage, name: str, **values: object) -> str:
    made = stage.client.post(f"{V}/tooling/sobjects/{name}", values)
    assert made.status == 201, made.text
    record_id: str = made.json()["id"]
    return record_id


def use_deploys(stage: Stage) -> None:
    assert stage.admin.post("/twin/admin/deploys/hold").status == 204


def use_more(stage: Stage) -> None:
    """What can be used a second time."""
    use_bulk(stage)
    use_events(stage)
    stage.create("Account", Name="More")
    ran = stage.client.get(f"{V}/tooling/executeAnonymous?anonymousBody={quote(APEX.partition(';')[2], safe='')}")
    assert ran.json()["success"], ran.text


USES: tuple[Callable[[Stage], None], ...] = (
    use_records,
    use_bulk,
    use_events,
    use_apex,
    use_deploys,
    use_limits_and_admin,
)


def differences(one: object, other: object, path: str = "") -> dict[str, str]:
    """Where two trees of dictionaries differ, by path."""
    if not (isinstance(one, dict) and isinstance(other, dict)):
        return {} if one == other else {path: f"{one!r:.200} is not {other!r:.200}"}
    names = sorted(set(one) | set(other))
    found = [differences(one.get(name), other.get(name), f"{path} {name}".strip()) for name in names]
    return {place: text for part in found for place, text in part.items()}


def test_after_a_reset_the_org_equals_a_fresh_one() -> None:
    stage = Stage()
    for use in USES:
        use(stage)
    left = {path.split()[0] for path in differences(state(stage), state(Stage(deployed=False)))}
    assert left == {"events", "numbers", "outside", "records", "stores", "used"}
    assert stage.admin.post("/twin/admin/reset").status == 204
    assert differences(state(stage), state(Stage(deployed=False))) == {}


def test_what_a_snapshot_saw_is_back_wherever_an_org_tells_it() -> None:
    stage = Stage()
    for use in (use_records, use_bulk, use_events, use_apex):
        use(stage)
    assert stage.admin.request("PUT", "/twin/admin/snapshots/seen").status == 204
    before = state(stage)
    for use in (use_more, use_limits_and_admin, use_deploys):
        use(stage)
    assert stage.admin.post("/twin/admin/snapshots/seen/restore").status == 204
    kept = {name: part for name, part in before.items() if name != "stores"}
    assert set(differences(state(stage) | {"stores": None}, kept)) == IN_THIS_PROCESS_ALONE
