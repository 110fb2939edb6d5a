"""A large import teaches a good deal: all is learnt anew, without waiting for a night."""

from app.domain.lessons import calling
from tests.imports.support import bring, until
from tests.lessons.support import PROCESS, lessons

HEADER = "external_id,account,value,created_at,reached:interest,reached:invited\n"


def rows(first: int, many: int) -> str:
    return HEADER + "".join(
        f"N-{i},Acme,100,2026-05-01,2026-05-02,2026-06-0{1 + i % 9}\n"
        for i in range(first, first + many)
    )


async def jobs(client):
    found = (await client.get("/v1/jobs", params={"kind": "lessons"})).json()["data"]
    return [job["state"] for job in found if job["subject"] is None]


async def test_an_import_of_many_rows_has_all_learnt_anew(
    client, engine, workspace, large, clock, monkeypatch
):
    monkeypatch.setattr(calling, "MANY_ROWS", 30)
    few = await bring(client, "opportunities", rows(0, 29), process_id=PROCESS)
    assert (few["state"], await jobs(client)) == ("completed", [])
    assert await lessons(engine, workspace) == []
    many = await bring(client, "opportunities", rows(29, 30), process_id=PROCESS)
    assert many["state"] == "completed"

    async def learnt():
        return await jobs(client) == ["completed"]

    await until(learnt)
    found = await lessons(engine, workspace)
    assert {row.learnt_at for row in found} == {clock.now}
    assert all(row.in_force_from > clock.now for row in found)


async def test_a_dry_run_teaches_nothing(client, large, monkeypatch):
    monkeypatch.setattr(calling, "MANY_ROWS", 30)
    job = await bring(client, "opportunities", rows(0, 30), process_id=PROCESS, dry_run=True)
    assert (job["state"], await jobs(client)) == ("completed", [])
