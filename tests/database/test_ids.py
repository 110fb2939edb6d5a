"""Ids sort by the time they were made, whoever makes them."""

import time
from uuid import UUID

from sqlalchemy import text

from app.core.ids import UUID7_SQL, uuid7


def test_every_id_is_greater_than_the_one_before():
    made = [uuid7() for _ in range(10_000)]
    assert made == sorted(set(made))
    assert {id.version for id in made} == {7}


async def test_ids_of_the_database_fall_between_those_made_before_and_after(work):
    before = time.time_ns() // 1_000_000
    made = await work.db.scalar(text(f"SELECT {UUID7_SQL}"))
    assert (UUID(str(made)).version, UUID(str(made)).variant) == (7, uuid7().variant)
    moment = UUID(str(made)).int >> 80
    assert before - 1 <= moment <= time.time_ns() // 1_000_000 + 1
