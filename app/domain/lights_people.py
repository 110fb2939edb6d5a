"""The lights of all teams and people in one answer, in a fixed number of statements."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypedDict
from uuid import UUID

from sqlalchemy import Row, select, true

from app.core.work import Work
from app.domain.inflow import Arrived, added, arrived, arrived_by_person, one_by_one
from app.domain.lights import frame, unassigned
from app.domain.people import team_on
from app.domain.requirements import joined_on
from app.domain.scenes import Aim, Scene, aim, scene
from app.domain.team_tree import inside, teams
from app.domain.verdicts import Judged, focused, judged, lights, wanting
from app.engine.lights import Light
from app.schemas.lights import (
    PeopleLightsOut,
    PeopleLightsQuery,
    PersonLightsOut,
    ScopeLightsOut,
    TeamLightOut,
    TeamLightsOut,
)
from app.schemas.ratios import ratio_out
from app.schemas.scopes import EVERYBODY, Subject, Whose
from app.tables import Person

Parts = Mapping[tuple[UUID | None, UUID | None, UUID], Arrived]
_WORST = (Light.GREY, Light.GREEN, Light.AMBER, Light.RED)


@dataclass(frozen=True, slots=True)
class _Lit:
    """A person or a team with what was judged of it."""

    row: Row[Any]
    aim: Aim
    found: list[Judged]


class _Tally(TypedDict):
    """How many people show which light."""

    people_green: int
    people_amber: int
    people_red: int
    people_grey: int


async def read(work: Work, asked: PeopleLightsQuery) -> PeopleLightsOut:
    """Teams are judged on their own sums, not on the lights of their people."""
    stage = await scene(work, asked, None)
    question = stage.question()
    whole = await arrived(work, question)
    parts = await arrived_by_person(work, question)
    tree, folk, joined = await teams(work), await _folk(work, stage), await joined_on(work)
    people = _people(work, stage, folk, parts, joined)
    groups = _teams(work, stage, tree, parts)
    wanted = aim(work, stage, EVERYBODY)
    found = judged(stage, wanted, whole)
    if lineages := wanting(found):
        looked_for = await arrived(work, one_by_one(question, lineages))
        found = judged(stage, wanted, whole | looked_for)
    if lineages := wanting(one for lit in (*people, *groups) for one in lit.found):
        parts |= await arrived_by_person(work, one_by_one(question, lineages))
        people = _people(work, stage, folk, parts, joined)
        groups = _teams(work, stage, tree, parts)
    return PeopleLightsOut(
        **frame(work, stage),
        all=ScopeLightsOut(
            target_id=wanted.target_id,
            milestones=lights(work, stage, found),
            focus=focused(work, stage, found),
        ),
        teams=_teams_out(work, stage, groups, people, inside(tree)),
        people=[_person_out(work, stage, lit) for lit in people if work.sight.counts(lit.row.id)],
        unassigned=unassigned(work, stage, whole),
    )


async def _folk(work: Work, stage: Scene) -> Sequence[Row[Any]]:
    """Everybody who ever was here, with the team of the day the lights are seen on."""
    team = team_on(work, Person.id, stage.day or work.today)
    query = select(Person, team.c.team_id).select_from(Person).outerjoin(team, true())
    here = query.where(Person.workspace_id == work.workspace_id)
    return await work.all(here.order_by(Person.name, Person.id))


def _people(
    work: Work,
    stage: Scene,
    folk: Sequence[Row[Any]],
    parts: Parts,
    joined: Mapping[UUID, date],
) -> list[_Lit]:
    """Whoever is active, and whoever else something arrived for."""
    credited: dict[UUID | None, dict[UUID, list[Arrived]]] = {}
    for (person_id, _, lineage), part in parts.items():
        credited.setdefault(person_id, {}).setdefault(lineage, []).append(part)
    found = []
    for row in folk:
        came = {lineage: added(some) for lineage, some in credited.get(row.id, {}).items()}
        if not came and (row.deleted_at is not None or not row.active):
            continue
        wanted = aim(work, stage, Subject(Whose.OWNER, row.id), joined.get(row.id))
        found.append(_Lit(row, wanted, judged(stage, wanted, came)))
    return found


def _teams(work: Work, stage: Scene, tree: Sequence[Row[Any]], parts: Parts) -> list[_Lit]:
    below = inside(tree)
    credited: dict[UUID | None, dict[UUID, list[Arrived]]] = {}
    for (person_id, team_id, lineage), part in parts.items():
        if person_id is not None:
            credited.setdefault(team_id, {}).setdefault(lineage, []).append(part)
    found = []
    for row in tree:
        if row.deleted_at is not None and row.id not in credited:
            continue
        came = _together([credited[id] for id in below[row.id] if id in credited])
        wanted = aim(work, stage, Subject(Whose.TEAM, row.id))
        found.append(_Lit(row, wanted, judged(stage, wanted, came)))
    return found


def _together(some: Sequence[Mapping[UUID, list[Arrived]]]) -> dict[UUID, Arrived]:
    lineages = {lineage for one in some for lineage in one}
    return {
        lineage: added([part for one in some for part in one.get(lineage, [])])
        for lineage in lineages
    }


def _teams_out(
    work: Work,
    stage: Scene,
    groups: Sequence[_Lit],
    people: Sequence[_Lit],
    below: Mapping[UUID, frozenset[UUID]],
) -> list[TeamLightsOut]:
    told = []
    for group in groups:
        own = [lit for lit in people if lit.row.team_id in below[group.row.id]]
        shown = lights(work, stage, group.found)
        told.append(
            TeamLightsOut(
                team_id=group.row.id,
                name=group.row.name,
                parent_id=group.row.parent_id,
                target_id=group.aim.target_id,
                milestones=[
                    TeamLightOut(**light.model_dump(), **_tally(_at(own, index)))
                    for index, light in enumerate(shown)
                ],
                focus=focused(work, stage, group.found),
                **_tally([_worst(lit) for lit in own]),
            )
        )
    return told


def _person_out(work: Work, stage: Scene, lit: _Lit) -> PersonLightsOut:
    return PersonLightsOut(
        person_id=lit.row.id,
        name=lit.row.name,
        team_id=lit.row.team_id,
        target_id=lit.aim.target_id,
        prorated=ratio_out(lit.aim.factor),
        milestones=lights(work, stage, lit.found),
        focus=focused(work, stage, lit.found),
    )


def _at(people: Sequence[_Lit], index: int) -> list[Light]:
    return [lit.found[index].overall.light for lit in people]


def _worst(lit: _Lit) -> Light:
    return max((one.overall.light for one in lit.found), key=_WORST.index)


def _tally(shown: Sequence[Light]) -> _Tally:
    counted = Counter(shown)
    return {
        "people_green": counted[Light.GREEN],
        "people_amber": counted[Light.AMBER],
        "people_red": counted[Light.RED],
        "people_grey": counted[Light.GREY],
    }
