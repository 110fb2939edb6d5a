from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.customer_acts import suggestion
from app.engine.infer import Doubt, End, SellerAct, Source, Step, end_by_name, infer, seller_act

START = datetime(2026, 1, 1, tzinfo=UTC)
STAGES = ["Lead in", "Contact made", "Needs defined", "Proposal made"]


def at(day):
    return None if day is None else START + timedelta(days=day)


def deal(name, *visits, ended=None, days=10):
    """Visits in order, `days` apart; the last one is not left."""
    last = len(visits) - 1
    return [
        Step(name, stage, at(n * days), None if n == last else at((n + 1) * days), ended)
        for n, stage in enumerate(visits)
    ]


def many(number, *visits, ended=None, prefix=""):
    name = prefix + "/".join(visits) + str(ended)
    return [step for n in range(number) for step in deal(f"{name} {n}", *visits, ended=ended)]


FUNNEL = [
    *many(20, *STAGES[:1], ended=End.LOST),
    *many(16, *STAGES[:2], ended=End.LOST),
    *many(12, *STAGES[:3], ended=End.LOST),
    *many(4, *STAGES[:4], ended=End.LOST),
    *many(8, *STAGES, ended=End.WON),
    *many(4, *STAGES[:2], ended=End.OPEN),
]


def names(proposal):
    return [" + ".join(milestone.stages) for milestone in proposal.milestones]


def doubts(proposal):
    return [(warned.doubt, warned.stage) for warned in proposal.warnings]


def ends(proposal):
    return {ending.stage: (ending.end, ending.source) for ending in proposal.endings}


def test_stages_become_milestones_and_winning_the_order():
    found = infer(FUNNEL)
    assert names(found) == [*STAGES, ""]
    assert [m.reached for m in found.milestones] == [64, 44, 24, 12, 8]
    assert [m.rate for m in found.milestones] == [
        *(Fraction(44, 64), Fraction(24, 40), Fraction(1, 2), Fraction(2, 3), None)
    ]
    assert found.milestones[1].share == Fraction(44, 64)
    assert (found.deals, found.won, found.lost, found.open) == (64, 8, 52, 4)


def test_open_deals_are_shown_and_left_out_of_the_rate():
    second = infer(FUNNEL).milestones[1]
    assert (second.reached, second.advanced, second.lost, second.open) == (44, 24, 16, 4)


def test_stages_in_which_deals_end_are_told_by_their_outcomes():
    rows = [
        *many(10, "A", "B", "Zu den Akten", ended=End.LOST),
        *many(20, "A", "Zu den Akten", ended=End.LOST),
        *many(10, "A", "B", "Party", ended=End.WON),
    ]
    found = infer(rows)
    assert ends(found) == {
        "Party": (End.WON, Source.OUTCOMES),
        "Zu den Akten": (End.LOST, Source.OUTCOMES),
    }
    assert names(found) == ["A", "B", "Party"]
    assert found.milestones[1].rate == Fraction(1, 2)


def test_an_outcome_stands_above_a_name():
    found = infer([*many(20, "A", "Verloren", ended=End.WON), *many(20, "A", ended=End.LOST)])
    assert ends(found) == {"Verloren": (End.WON, Source.OUTCOMES)}
    assert (Doubt.NAME_CONTRADICTS, "Verloren") in doubts(found)


def test_a_stage_called_won_in_which_deals_stand_open_is_a_stage():
    found = infer([*many(20, "A", "Won trust", ended=End.OPEN), *many(9, "A", ended=End.LOST)])
    assert names(found) == ["A", "Won trust", ""]
    assert found.won == 0


def test_names_decide_only_where_no_outcome_is_given():
    rows = [
        *many(9, "A", "Gewonnen"),
        *many(12, "A", "B", "Closed Lost"),
        *many(5, "A", "B"),
    ]
    found = infer(rows)
    assert ends(found) == {
        "Gewonnen": (End.WON, Source.NAME),
        "Closed Lost": (End.LOST, Source.NAME),
    }
    assert (found.won, found.lost, found.open) == (9, 12, 5)
    assert {(Doubt.END_BY_NAME, stage) for stage in ends(found)} <= set(doubts(found))


def test_a_few_reopened_deals_do_not_turn_lost_into_a_milestone():
    rows = [
        *many(6, "A", "B", "Closed Lost", ended=End.LOST),
        *many(2, "A", "Closed Lost", "B", "Closed Won", ended=End.WON),
        *many(3, "A", "B", "Closed Won", ended=End.WON),
    ]
    assert names(infer(rows)) == ["A", "B", "Closed Won"]


def test_a_stage_in_which_deals_stayed_before_they_all_died_is_a_stage():
    begun = [*many(9, "A", "Trial", ended=End.LOST), *many(9, "B", "Trial", ended=End.LOST)]
    stayed = [replace(step, left=at(30)) for step in begun]
    assert "Trial" in ends(infer(begun))
    assert "Trial" not in ends(infer(stayed))


def test_a_skipped_stage_counts_as_reached_but_not_as_entered():
    found = infer([*FUNNEL, *many(10, "Lead in", "Proposal made", ended=End.WON, prefix="x")])
    needs = found.milestones[2]
    assert (needs.entered, needs.reached) == (24, 34)
    assert needs.timed == 12


def test_a_stage_that_most_pass_by_is_doubted():
    rows = [*many(30, "A", "C", ended=End.WON), *many(2, "A", "B", "C", ended=End.WON)]
    found = infer(rows)
    assert names(found)[:2] == ["A", "B"]
    assert (Doubt.RARELY_ENTERED, "B") in doubts(found)


def test_a_last_stage_in_which_all_were_lost_so_far_is_still_a_stage():
    found = infer([*many(20, "A", "B", ended=End.LOST), *many(20, "A", ended=End.LOST)])
    assert (names(found), found.endings) == (["A", "B", ""], ())


def test_a_deal_that_comes_back_is_counted_once():
    found = infer(many(12, "A", "B", "A", "B", "C", ended=End.LOST))
    first = found.milestones[0]
    assert (first.reached, first.reentered, first.median_days) == (12, 12, 10)
    assert (Doubt.OFTEN_REENTERED, "A") in doubts(found)


def test_rows_that_repeat_a_stage_are_one_visit():
    rows = [
        Step(f"{n}", stage, at(day), at(day + 5), End.LOST)
        for n in range(12)
        for day, stage in enumerate(["A", "A", "A", "B", "B"])
    ]
    found = infer(rows)
    assert [m.reentered for m in found.milestones] == [0, 0, 0]
    assert found.milestones[0].median_days == 3


def test_the_median_stay_counts_days_exactly():
    rows = [
        Step(name, stage, START + timedelta(hours=hours), None, End.LOST)
        for name, stay in (("a", 36), ("b", 60), ("c", 240))
        for stage, hours in (("A", 0), ("B", stay))
    ]
    first = infer(rows).milestones[0]
    assert (first.median_days, first.timed) == (Fraction(5, 2), 3)


def test_the_last_stage_of_a_won_deal_lasts_until_it_was_left():
    rows = [Step("a", "A", at(0), at(4), End.WON), Step("a", "B", at(4), at(11), End.WON)]
    assert [m.median_days for m in infer(rows).milestones] == [4, 7, None]


def test_an_unknown_start_stays_unknown():
    rows = [
        row
        for n in range(9)
        for row in (Step(f"{n}", "A", None, at(5), End.OPEN), Step(f"{n}", "B", at(5)))
    ]
    found = infer(rows)
    assert names(found) == ["A", "B", ""]
    assert (found.milestones[0].median_days, found.milestones[0].timed) == (None, 0)


def test_stages_without_history_are_counted_but_not_ordered():
    found = infer([Step(f"{n}", "CAB"[n % 3], None, None, End.OPEN) for n in range(9)])
    assert names(found)[:3] == ["A", "B", "C"]
    assert [stage for doubt, stage in doubts(found) if doubt is Doubt.ORDER_UNKNOWN] == [*"ABC"]


def test_the_majority_decides_the_order_and_disagreement_is_told():
    found = infer([*many(6, "A", "B", ended=End.LOST), *many(5, "B", "A", ended=End.LOST)])
    assert names(found)[:2] == ["A", "B"]
    unclear = next(w for w in found.warnings if w.doubt is Doubt.ORDER_UNCLEAR)
    assert (unclear.stage, unclear.other, unclear.n) == ("A", "B", 5)


def test_a_majority_is_kept_where_few_deals_tell_it():
    """By average rank Y would come first: it leads everywhere but behind X."""
    rows = [step for last in "PQR" for step in many(30, "Y", last, ended=End.LOST)]
    found = infer([*rows, *many(2, "P2", "X", ended=End.LOST), *many(1, "X", "Y")])
    assert names(found).index("X") < names(found).index("Y")


def test_a_circle_of_majorities_still_gives_an_order():
    rows = [step for pair in ("AB", "BC") for step in many(5, *pair, ended=End.LOST)]
    found = infer([*rows, *many(1, "C", "A", ended=End.LOST)])
    assert names(found)[:3] == ["A", "B", "C"]
    assert (Doubt.ORDER_UNCLEAR, "A") in doubts(found)


def test_a_pause_is_no_milestone():
    found = infer(many(20, "A", "Zurückgestellt", "B", ended=End.LOST))
    assert (names(found), found.pauses) == (["A", "B", ""], ("Zurückgestellt",))
    assert (Doubt.PAUSE, "Zurückgestellt") in doubts(found)


def test_what_the_seller_does_is_no_milestone():
    found = infer(many(20, "Angebot verschickt", "Angebot angenommen", ended=End.LOST))
    assert [m.seller_act for m in found.milestones] == [SellerAct.PROPOSAL, None, None]
    assert (Doubt.NO_CUSTOMER_ACT, "Angebot verschickt") in doubts(found)


@pytest.mark.parametrize(
    ("act", "stages"),
    [
        ("proposal", ["Proposal sent", "Proposal/Price Quote", "3. Angebot verschickt", "Offerte"]),
        ("follow_up", ["Follow-up", "FOLLOW UP", "Nachfassen", "Angebot nachgefasst"]),
        ("demo", ["Demo scheduled", "Presentation Scheduled", "Produktvorführung geplant"]),
        ("meeting", ["Appointment scheduled", "Erstgespräch", "Vor-Ort-Termin"]),
        ("contact", ["Contact Made", "Prospecting", "Customer contacted", "Kunde angerufen"]),
        ("qualification", ["Qualification", "Needs Analysis", "Bedarfsanalyse"]),
        ("negotiation", ["Negotiation/Review", "Vertragsverhandlung läuft", "Closing"]),
        ("contract", ["Contract sent", "Vertrag verschickt"]),
        ("doing", ["Samples sent", "A_Submitted", "Muster verschickt"]),
        ("no_act", ["New", "1. Neu", "In Bearbeitung", "Stage 2"]),
        (None, ["Proposal accepted", "Angebot angefordert", "Budget freigegeben", "Commitment"]),
        (
            None,
            [
                "Contract signed",
                "Kunde prüft Angebot",
                "Customer asks for a proposal",
                "Demo attended",
            ],
        ),
    ],
)
def test_a_name_hints_at_what_the_seller_does(act, stages):
    assert [seller_act(stage) for stage in stages] == [act] * len(stages)


@pytest.mark.parametrize(
    ("end", "stages"),
    [
        ("won", ["Closed Won", "Gewonnen", "Auftrag erteilt", "Order received", "bestellt"]),
        ("lost", ["Closed Lost", "Verloren", "Not won", "Nicht gewonnen", "Kein Interesse"]),
        (None, ["Wonderful", "Closed", "Auftrag", "Almost", "Decision", "Totally open"]),
    ],
)
def test_a_name_hints_at_an_end(end, stages):
    assert [end_by_name(stage) for stage in stages] == [end] * len(stages)


@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("act", SellerAct)
def test_what_is_suggested_instead_is_an_act_of_the_customer(act, language):
    instead = suggestion(act, language)
    assert seller_act(instead.name) is seller_act(instead.customer_act) is None


def test_little_or_onesided_history_is_doubted():
    found = infer([*many(3, "A", "B", ended=End.WON), Step("x", "A", at(0), None, End.OPEN)])
    assert {Doubt.FEW_DEALS, Doubt.NO_LOSSES} <= {doubt for doubt, _ in doubts(found)}
    assert (Doubt.FEW_DECIDED, "A") in doubts(found)
    nothing = infer([])
    assert {Doubt.TOO_FEW_STAGES, Doubt.NO_ORDERS} <= {doubt for doubt, _ in doubts(nothing)}
    assert (len(nothing.milestones), nothing.deals) == (1, 0)


def test_many_open_deals_and_many_stages_are_doubted():
    stages = [f"S{n:02}" for n in range(13)]
    found = infer([*many(9, *stages, ended=End.WON), *many(20, *stages[:3], ended=End.OPEN)])
    assert {Doubt.MANY_OPEN, Doubt.TOO_MANY_STAGES} <= {doubt for doubt, _ in doubts(found)}


def test_rows_that_disagree_about_the_outcome_are_counted_and_the_last_holds():
    rows = [Step("a", "A", at(0), at(1), End.OPEN), Step("a", "B", at(1), None, End.LOST)]
    found = infer(rows)
    assert found.lost == 1
    assert [w.n for w in found.warnings if w.doubt is Doubt.OUTCOMES_DIFFER] == [1]


histories = st.lists(
    st.tuples(
        st.lists(st.sampled_from("ABCDE"), min_size=1, max_size=6),
        st.sampled_from([*End, None]),
    ),
    max_size=12,
)


def told(history):
    return [
        step for n, (visits, end) in enumerate(history) for step in deal(f"{n}", *visits, ended=end)
    ]


@given(histories)
def test_whoever_reached_a_milestone_went_on_was_lost_or_stands_there(history):
    found = infer(told(history))
    *sections, order = found.milestones
    for here, further in zip(sections, found.milestones[1:], strict=True):
        assert here.reached == here.advanced + here.lost + here.open
        assert here.advanced == further.reached
        assert here.entered <= here.reached
    assert order.reached == found.won
    assert found.won + found.lost + found.open == found.deals == len(history)


@given(histories, st.randoms())
def test_the_order_of_the_rows_does_not_matter(history, chance):
    rows = told(history)
    shuffled = rows[:]
    chance.shuffle(shuffled)
    assert infer(shuffled) == infer(rows)


@given(st.lists(st.tuples(st.sets(st.sampled_from("EDCBA"), min_size=1), st.booleans())))
def test_deals_that_never_step_back_give_their_order(passed):
    rows = told([(sorted(stages), End.LOST if lost else End.OPEN) for stages, lost in passed])
    pairs = {(a, b) for stages, _ in passed for a in stages for b in stages if a < b}
    order = names(infer(rows))
    assert all(order.index(a) < order.index(b) for a, b in pairs if {a, b} <= set(order))
