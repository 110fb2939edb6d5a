"""Jobs, and imports that are undone or wait for a word."""

from typing import Any

DEALS = b"external_id,account,stage,created_at\nW-1,Werft Nord,Offer,2026-07-01\n"
BROKEN = {"object": "accounts", "source": "walk", "mapping": {"columns": {"Name": "name"}}}


async def jobs(walk: Any, settled: Any) -> None:
    await walk.go("list_import_presets")
    id = await _held(walk, settled)
    await walk.go("revert_import", id=id, ask={"dry_run": True})
    await walk.go("list_import_left", id=id)
    broken = (await walk.client.post("/v1/imports", json=BROKEN)).json()["id"]
    place = f"/v1/imports/{broken}"
    await walk.client.put(f"{place}/content", content=b"title\na\n")
    await walk.client.post(f"{place}/start")
    await settled(broken)
    dead = (await walk.go("list_jobs", ask={"state": "dead"}))["data"][0]["id"]
    await walk.go("read_job", id=dead)
    await walk.go("retry_job", id=dead)


async def _held(walk: Any, settled: Any) -> str:
    wanted = {"object": "opportunities", "source": "walk", "process_id": "new-business"}
    id: str = (await walk.client.post("/v1/imports", json=wanted)).json()["id"]
    await walk.client.put(f"/v1/imports/{id}/content", content=DEALS)
    await walk.client.post(f"/v1/imports/{id}/start")
    await settled(id)
    await walk.go("read_import_held", id=id)
    await walk.go("release_import_held", {"stages": {"Offer": {"before": True}}}, id=id)
    await settled(id)
    return id
