"""The part of the walk about accounts that may be one, become one, and belong together."""

from typing import Any


async def customers(walk: Any) -> None:
    """Find two that are one, say of others that they are two, merge, undo; look at a group."""
    group = await walk.go("create_account", {"name": "Nordic Group", "country": "DE"})
    several = [
        {"name": "Juniper Works GmbH", "domain": "juniper.example", "parent_id": group["id"]},
        {"name": "Juniper-Works", "domain": "www.juniper.example", "vat_id": "DE129273398"},
        {"name": "JUNIPER WORKS", "postcode": "28195"},
    ]
    one, two, other = [await walk.go("create_account", each) for each in several]
    await walk.go("list_duplicates", ask={"limit": 2})
    pair = {"ids": [one["id"], other["id"]], "note": "two firms of one name"}
    said = await walk.go("dismiss_duplicate", pair)
    await walk.go("list_dismissals", ask={"object": "accounts"})
    await walk.go("read_dismissal", id=said["id"])
    await walk.go("delete_dismissal", id=said["id"])
    wanted = {
        "keep": one["id"],
        "merge": [two["id"]],
        "fields": {"domain": f"from:{two['id']}"},
        "note": "one company in two spellings",
    }
    await walk.go("merge_accounts", wanted | {"dry_run": True})
    merged = await walk.go("merge_accounts", wanted)
    await walk.go("list_merges", ask={"limit": 2})
    await walk.go("read_merge", id=merged["id"])
    await walk.go("undo_merge", id=merged["id"])
    await walk.go("read_account_tree", id=group["id"])
    await walk.go("read_account_summary", id=group["id"], ask={"with": "descendants"})
    await _opportunities(walk, one["id"])


async def _opportunities(walk: Any, account_id: str) -> None:
    wanted = {"process_id": "new-business", "account_id": account_id}
    one, two = [
        await walk.go("create_opportunity", {"name": name} | wanted)
        for name in ("Second lathe", "Lathe, the second")
    ]
    await walk.go("review_opportunity", {"note": "still waits for the budget"}, id=one["id"])
    walk.later()
    await walk.go("merge_opportunity", {"into": one["id"], "note": "entered twice"}, id=two["id"])
