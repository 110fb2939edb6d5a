"""What roles are shown: of every operation, and of whom. Asked at the door, in one place.

Whoever acts for the whole workspace is not asked. For everybody else an operation is closed unless
it stands here, so that one to come shows nothing by accident. Deals themselves are narrowed by
`work.rows`; here it is decided which numbers may be asked for.
"""

from collections.abc import Mapping
from enum import Enum, auto
from uuid import UUID

from sqlalchemy import select

from app.core.errors import NotFound, RoleForbids
from app.core.sight import Peers, Role, Sight
from app.core.work import Work
from app.domain.people import team_on, with_team
from app.domain.trees import below
from app.schemas.scopes import Subject, Whose
from app.tables import Person, Team


class Shown(Enum):
    """What an operation shows, and so what it takes to see it."""

    HOUSE = auto()  # nothing of anybody's deals: processes, products, customers
    DEALS = auto()  # deals, of which `work.rows` finds only one's own
    SUMS = auto()  # numbers of a `scope`, which others may be part of
    PARTS = auto()  # deals one by one, by `scope`
    WHOLE = auto()  # sums of the whole workspace
    NAMES = auto()  # numbers of every person
    OWNED = auto()  # what belongs to an `owner`


def _all(shown: Shown, names: str) -> dict[str, Shown]:
    return dict.fromkeys(names.split(), shown)


SHOWN: dict[str, Shown] = {
    **_all(
        Shown.HOUSE,
        """read_me read_workspace read_calendar list_process_templates compute_cascade
        simulate_cascade list_processes read_process list_process_versions list_currency_rates
        read_currency_rate list_products read_product list_accounts read_account create_account
        put_account change_account list_account_goals create_account_goal read_goal change_goal
        list_people read_person list_memberships list_teams read_team list_sources read_source""",
    ),
    **_all(
        Shown.DEALS,
        """list_opportunities create_opportunity write_opportunities put_opportunity
        search_opportunities delete_opportunity read_opportunity change_opportunity pass_ball
        list_opportunity_events exit_opportunity hold_opportunity meet_criterion merge_opportunity
        move_opportunity read_next_step list_orders reach_milestone regress_opportunity
        reopen_opportunity resume_opportunity review_opportunity revive_opportunity
        verify_milestone void_milestone""",
    ),
    **_all(
        Shown.SUMS,
        """read_lights read_lights_outlook read_forecast read_leaks read_pipeline read_rates
        compare_rates read_drift""",
    ),
    **_all(
        Shown.PARTS,
        """list_attention list_focus list_arrivals list_stale_opportunities preview_stale_policy
        list_targets""",
    ),
    **_all(
        Shown.WHOLE,
        """list_milestones read_milestone read_people_lights read_forecast_accuracy
        read_matrix_coverage""",
    ),
    **_all(Shown.NAMES, "read_process_adherence read_account_summary"),
    **_all(
        Shown.OWNED,
        "list_credits list_cycles read_focus_balance list_goals list_marks list_renewals",
    ),
}


async def sight_of(work: Work, role: Role, person_id: UUID, peers: Peers) -> Sight:
    """How far a person sees today: a manager the own team and those below it, and who is there."""
    if role is Role.ADMIN:
        return Sight(role, person_id)
    if role is Role.REP:
        return Sight(role, person_id, frozenset({person_id}), frozenset(), peers)
    own = team_on(work, person_id, work.today)
    team_id = await work.db.scalar(select(own.c.team_id))
    if team_id is None:
        return Sight(role, person_id, frozenset({person_id}), frozenset(), peers)
    teams = frozenset(await work.db.scalars(select(below(work, Team, team_id).c.id)))
    members = with_team(work, team_id).with_only_columns(Person.id)
    people = frozenset(await work.db.scalars(members))
    return Sight(role, person_id, people | {person_id}, teams, peers)


async def check(work: Work, operation: str, asked: Mapping[str, str]) -> None:
    """Let pass what this role is shown, and write down whose page was read.

    `NotFound` for a person or a team that is not shown, as if there were none; `RoleForbids` for
    what is too wide.
    """
    shown = SHOWN.get(operation)
    if work.sight.people is not None:
        _allow(work.sight, shown, operation, asked)
    if shown in (Shown.SUMS, Shown.PARTS):
        subject = _subject(asked)
        if subject.person_id not in (None, work.sight.person_id):
            await work.note("read", Person, subject.person_id, operation=operation)


def parts_shown(work: Work, subject: Subject) -> bool:
    """Whether the deals behind a sum may be told with it."""
    return work.sight.people is None or _within(work.sight, subject)


def _allow(sight: Sight, shown: Shown | None, operation: str, asked: Mapping[str, str]) -> None:
    if shown is None:
        raise RoleForbids(f"{operation} is not open to the role {sight.role}.")
    if shown in (Shown.HOUSE, Shown.DEALS):
        return
    if "target" in asked:
        raise RoleForbids(f"Targets are not named by the role {sight.role}: ask by scope.")
    if shown is Shown.OWNED:
        _own(sight, Subject(Whose.OWNER, _id(asked.get("owner"))))
    elif shown in (Shown.WHOLE, Shown.NAMES):
        least = Peers.AGGREGATE if shown is Shown.WHOLE else Peers.NAMED
        if sight.peers not in {least, Peers.NAMED}:
            raise RoleForbids("Numbers of others are not shown in this workspace.")
    elif shown is Shown.PARTS or _singles_out(asked, sight):
        _own(sight, _subject(asked))
    else:
        _own_or_shown(sight, _subject(asked))


def _singles_out(asked: Mapping[str, str], sight: Sight) -> bool:
    """Whether the numbers come with deals or, where names are not shown, by person."""
    return asked.get("explain", "false") != "false" or (
        asked.get("by") == "owner" and sight.peers is not Peers.NAMED
    )


def _own(sight: Sight, subject: Subject) -> None:
    if subject.whose is Whose.ALL or subject.id is None:
        raise RoleForbids(f"That is too wide for the role {sight.role}; {_hint(sight)}.")
    if not _within(sight, subject):
        raise _absent(subject)


def _own_or_shown(sight: Sight, subject: Subject) -> None:
    if _within(sight, subject) or sight.peers is Peers.NAMED:
        return
    if sight.peers is Peers.NONE and subject.whose is Whose.ALL:
        raise RoleForbids(f"Numbers of others are not shown in this workspace; {_hint(sight)}.")
    if sight.peers is Peers.NONE or subject.whose is Whose.OWNER:
        raise _absent(subject)


def _within(sight: Sight, subject: Subject) -> bool:
    if subject.person_id is not None:
        return sight.sees(subject.person_id)
    return subject.team_id is not None and subject.team_id in sight.teams


def _absent(subject: Subject) -> NotFound:
    """As if there were none (`questions.here`)."""
    kind = "person" if subject.person_id is not None else "team"
    return NotFound(f"There is no {kind} {subject.id}.")


def _hint(sight: Sight) -> str:
    own = f"owner:{sight.person_id}"
    teams = "".join(f" or scope=team:{id}" for id in sorted(sight.teams)[:1])
    return f"ask with scope={own}{teams}, or owner={sight.person_id}"


def _subject(asked: Mapping[str, str]) -> Subject:
    """Whom the question is about; what cannot be read is refused by whoever reads it next."""
    try:
        return Subject.of(asked.get("scope", Whose.ALL))
    except ValueError:
        return Subject()


def _id(word: str | None) -> UUID | None:
    try:
        return None if word is None else UUID(word)
    except ValueError:
        return None
