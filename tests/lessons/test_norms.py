"""What open deals are held against is learnt of all that ever were, told of those that stand."""

from app.core.database import workspace_transaction
from app.core.work import Work
from app.domain.access import home
from app.domain.horses import judged
from app.domain.lessons import payloads
from app.domain.lessons.norms import NAME, stock
from app.domain.processes import resolve
from app.schemas.scopes import Moment
from tests.deals import tell
from tests.lessons.support import PROCESS, lessons, night

NOW = Moment()


async def held_against(engine, workspace, clock, asked=NOW):
    async with workspace_transaction(engine, workspace[0]) as db:
        work = Work(db, workspace[0], await home(db, workspace[0]), clock.now, "test")
        found = await stock(work, await resolve(work, PROCESS), asked)
    verdicts = {
        found.told.deals[one.deal].opportunity_id: (one.section, one.chance, one.verdict)
        for one in judged(found.told, by=found.norms).horses
    }
    return found, verdicts


async def test_open_deals_stand_as_they_do_among_all_that_ever_were(
    engine, workspace, large, clock
):
    first, waited = await held_against(engine, workspace, clock)
    found, verdicts = await held_against(engine, workspace, clock)
    whole, judgement = await held_against(engine, workspace, clock, Moment(effective_at=clock.now))
    assert [each.learnt.source for each in (first, found, whole)] == [
        "question",
        "lesson",
        "question",
    ]
    assert verdicts == waited == judgement
    assert len(verdicts) > 10
    assert len(found.told.deals) < len(whole.told.deals) == found.learnt.deals
    assert payloads.told(found.norms) == payloads.told(whole.norms)


async def test_who_leaves_is_gone_at_once_and_teaches_the_next_day(
    client, engine, workspace, patient, large, clock
):
    clock.forward(days=1)
    await night(patient, workspace, clock)
    [before] = [row for row in await lessons(engine, workspace) if row.shape == NAME]
    _, verdicts = await held_against(engine, workspace, clock)
    gone = min(verdicts)
    await tell(client, {"id": str(gone)}, "exit", kind="lost")
    found, after = await held_against(engine, workspace, clock)
    assert after.keys() == verdicts.keys() - {gone}
    assert found.learnt.at == before.as_of
    assert payloads.told(found.norms) == before.payload
