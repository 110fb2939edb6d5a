"""The audit log: every change once, in its transaction, by whom, and without secrets."""

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import ProgrammingError

from app.core.ids import uuid7
from app.domain.access import Scope
from app.tables import AuditEntry
from tests.deals import change, make_deal, make_person, make_process, post, tell
from tests.security.people import coming, house, showing


async def log(client, **asked):
    answer = await client.get("/v1/audit", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def mine(client):
    return (await client.get("/v1/me")).json()["key"]["id"]


async def test_a_change_says_who_did_what_to_what(client):
    request_id = str(uuid7())
    made = await post(client, "/v1/products", name="Press 200")
    place, tag = f"/v1/products/{made['id']}", {"If-Match": '"1"', "X-Request-Id": request_id}
    await client.patch(place, json={"name": "Press 300"}, headers=tag)
    await client.delete(place, headers={"If-Match": '"2"'})
    await client.post(f"{place}/restore")
    entries = await log(client, object=made["id"])
    assert [entry["action"] for entry in entries] == ["restored", "deleted", "changed", "created"]
    changed, created = entries[2:]
    assert (changed["before"], changed["after"]) == ({"name": "Press 200"}, {"name": "Press 300"})
    assert (changed["actor_kind"], changed["actor_id"]) == ("key", await mine(client))
    assert (changed["object_kind"], changed["request_id"]) == ("product", request_id)
    assert (created["before"], created["after"]["name"]) == (None, "Press 200")


async def test_what_was_refused_leaves_no_entry(client):
    made = await post(client, "/v1/products", name="Press", key="press")
    tag = {"If-Match": '"7"'}
    stale = await client.patch(f"/v1/products/{made['id']}", json={"name": "x"}, headers=tag)
    assert stale.status_code == 412
    twin = await client.post("/v1/products", json={"name": "Press", "key": "press"})
    assert twin.status_code == 409
    assert [entry["action"] for entry in await log(client, kind="product")] == ["created"]


async def test_what_happens_to_a_deal_stands_in_its_events_and_not_twice(client):
    await make_process(client)
    ada = await make_person(client)
    deal = await make_deal(client)
    await tell(client, deal, "reach", milestone="interest")
    await change(client, deal, owner_id=ada["id"])
    assert await log(client, kind="event") == []
    await change(client, deal, name="Other")
    [entry] = await log(client, object=deal["id"])
    assert (entry["before"], entry["after"]) == ({"name": "Press line"}, {"name": "Other"})
    told = (await client.get(f"/v1/opportunities/{deal['id']}/events")).json()["data"]
    assert {event["kind"] for event in told} == {"created", "reached", "owner_changed"}
    assert {event["actor"] for event in told} == {f"key:{await mine(client)}"}


async def test_what_the_workspace_decides_is_written_down(client):
    await showing(client, "named")
    [entry] = await log(client, kind="workspace")
    assert entry["before"] == {"peer_visibility": "aggregate"}
    assert entry["after"] == {"peer_visibility": "named"}
    team = await post(client, "/v1/teams", name="North")
    ada = await make_person(client)
    body = {"team_id": team["id"], "since": "2026-07-01"}
    await post(client, f"/v1/people/{ada['id']}/memberships", **body)
    assert (await log(client, action="joined"))[0]["after"] == body


async def test_no_secret_is_ever_written(client, work):
    made = await post(client, "/v1/api_keys", name="till", scopes=["accounts:read"])
    place = f"/v1/api_keys/{made['id']}"
    turned = await post(client, f"{place}/rotate")
    await client.delete(place)
    entries = await log(client, kind="api_key")
    assert {entry["action"] for entry in entries} == {"created", "rotated", "revoked"}
    stored = await work.db.scalar(
        text("SELECT string_agg(audit_log::text, '') FROM audit_log WHERE workspace_id = :own"),
        {"own": work.workspace_id},
    )
    digests = (await work.db.scalars(text("SELECT encode(digest, 'hex') FROM api_keys"))).all()
    for secret in (made["key"], turned["key"], made["key"][-40:], "digest", *digests):
        assert secret not in stored
        assert secret not in str(entries)


async def test_entries_are_filtered_and_come_in_pages(client, clock):
    for name in ("a", "b", "c"):
        await post(client, "/v1/products", name=name)
        clock.forward(minutes=1)
    asked = {"kind": "product", "action": "created", "actor": await mine(client), "limit": 2}
    first = (await client.get("/v1/audit", params=asked)).json()
    second = await client.get("/v1/audit", params=asked | {"cursor": first["next_cursor"]})
    names = [entry["after"]["name"] for entry in first["data"] + second.json()["data"]]
    assert names == ["c", "b", "a"]
    stretch = {"since": "2026-07-20T09:31:00Z", "before": "2026-07-20T09:32:00Z"}
    [entry] = await log(client, kind="product", **stretch)
    assert entry["after"]["name"] == "b"
    assert await log(client, actor=str(uuid7())) == []


async def test_the_log_is_the_business_of_admins_of_this_house(client, neighbour, limited, app):
    people, _, _ = await house(client)
    assert await log(neighbour, object=people["ada"]["id"]) == []
    reader = await limited(Scope.ACCOUNTS_READ)
    assert (await reader.get("/v1/audit")).status_code == 403
    async with coming(app, client, people["ada"], "manager", ["admin"]) as ada:
        assert (await ada.get("/v1/audit")).status_code == 404


async def test_who_read_whose_page_is_written_down(app, client):
    people, _, _ = await house(client)
    await showing(client, "named")
    demo = {"process": "new-business"}
    async with coming(app, client, people["ada"]) as ada:
        for name in ("ada", "dee"):
            asked = demo | {"scope": f"owner:{people[name]['id']}"}
            assert (await ada.get("/v1/lights", params=asked)).status_code == 200
    [entry] = await log(client, action="read")
    assert (entry["object_kind"], entry["object_id"]) == ("person", people["dee"]["id"])
    assert entry["after"] == {"operation": "read_lights"}


@pytest.mark.parametrize("statement", [update(AuditEntry).values(action="x"), delete(AuditEntry)])
async def test_the_service_cannot_rewrite_it(work, statement):
    with pytest.raises(ProgrammingError, match="permission denied"):
        await work.db.execute(statement)


async def test_a_change_and_its_entry_are_one_statement(client, statements):
    made = await post(client, "/v1/products", name="Press")
    statements.clear()
    tag = {"If-Match": '"1"'}
    await client.patch(f"/v1/products/{made['id']}", json={"name": "Other"}, headers=tag)
    written = [said for said in statements if "audit_log" in said]
    assert len(written) == 1
    assert "UPDATE products" in written[0]


async def test_an_import_is_one_entry(client, work):
    body = {"object": "accounts", "source": "crm", "mapping": {"columns": {"Name": "name"}}}
    made = await post(client, "/v1/imports", **body)
    [entry] = await log(client, object=made["id"])
    assert (entry["action"], entry["object_kind"]) == ("created", "import")
    rows = await work.all(select(AuditEntry).where(AuditEntry.object_kind == "account"))
    assert rows == []


async def test_a_secret_that_still_signs_is_not_written_down(client):
    hook = await post(client, "/v1/webhook_endpoints", url="https://hooks.example.com/b")
    secrets = [hook["secret"]]
    for _ in range(2):
        turned = await client.post(f"/v1/webhook_endpoints/{hook['id']}/rotate-secret")
        secrets.append(turned.json()["secret"])
    told = await client.get("/v1/audit", params={"object": hook["id"]})
    assert [entry["action"] for entry in told.json()["data"]] == ["changed", "changed", "created"]
    assert not [secret for secret in secrets if secret in told.text]


async def test_a_customer_that_comes_with_a_deal_and_products_of_one_are_told(client):
    await make_process(client)
    deal = await make_deal(client, account={"name": "Alder"})
    [created] = await log(client, object=deal["account_id"])
    assert (created["action"], created["after"]["name"]) == ("created", "Alder")
    press = await post(client, "/v1/products", name="Press")
    await change(client, deal, product_ids=[press["id"]])
    [changed] = await log(client, object=deal["id"])
    assert changed["after"] == {"product_ids": [press["id"]]}


async def test_nothing_is_told_of_a_customer_whose_deal_was_there_already(client, work):
    await make_process(client)
    await make_deal(client, external_id="d-1", account={"name": "Alder"})
    again = {"name": "Again", "process_id": "new-business", "owner_id": None}
    taken = await client.post(
        "/v1/opportunities", json=again | {"external_id": "d-1", "account": {"name": "Birch"}}
    )
    assert taken.status_code == 409, taken.text
    rows = await work.all(select(AuditEntry).where(AuditEntry.object_kind == "account"))
    assert [row.after["name"] for row in rows] == ["Alder"]
