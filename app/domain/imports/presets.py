"""How the exports of known systems are read: which of their columns means which field.

Names of columns differ between exports, interfaces and languages: several may stand for one field,
and the first that the file has is taken. What the mapping says itself comes first. Stages are
never known beforehand: every team has its own, and what they mean is for the team to say.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from app.core.page import Page
from app.core.work import Work
from app.schemas.imports import ImportObject, ImportPresetOut, MappingIn, PresetName

YES, NO = ("true", "True", "TRUE", "1", "Yes"), ("false", "False", "FALSE", "0", "No", "")
Words = Mapping[str, str]


def _said(**meanings: Sequence[str]) -> Words:
    return {
        word: "" if meant == "nothing" else meant
        for meant, words in meanings.items()
        for word in words
    }


@dataclass(frozen=True, slots=True)
class Preset:
    """`columns`: field → columns that may stand for it. `words`: what cells of a column mean; of
    several columns of one field that are listed here the first that means something is taken."""

    name: PresetName
    object: ImportObject
    columns: Mapping[str, tuple[str, ...]]
    words: Mapping[str, Words] = field(default_factory=dict)
    # Columns with the day a stage was entered, by the name of the stage.
    entered: tuple[str, ...] = ()
    note: str = ""


PRESETS = (
    Preset(
        PresetName.SALESFORCE,
        ImportObject.OPPORTUNITIES,
        {
            "external_id": ("Id", "Opportunity ID"),
            "name": ("Name", "Opportunity Name"),
            "account": ("AccountId", "Account ID", "Account Name"),
            "owner": ("OwnerId", "Owner ID", "Opportunity Owner"),
            "value": ("Amount",),
            "currency": ("CurrencyIsoCode", "Amount Currency"),
            "stage": ("StageName", "Stage"),
            "status": ("IsDeleted", "IsWon", "IsClosed", "Deleted", "Won", "Closed"),
            "closed_at": ("CloseDate", "Close Date"),
            "created_at": ("CreatedDate", "Created Date"),
            "reached_at": ("LastStageChangeDate", "Last Stage Change Date"),
        },
        {
            **{name: _said(deleted=YES, nothing=NO) for name in ("IsDeleted", "Deleted")},
            "IsWon": _said(won=YES, nothing=NO),
            "IsClosed": _said(lost=YES, open=NO),
            "Won": _said(won=YES, nothing=NO),
            "Closed": _said(lost=YES, open=NO),
        },
        note="Whether a deal is won or closed is told by IsWon and IsClosed, never by a label. Send"
        " OpportunityHistory afterwards as events.",
    ),
    Preset(
        PresetName.SALESFORCE,
        ImportObject.EVENTS,
        {
            "external_id": ("OpportunityId", "Opportunity ID"),
            "stage": ("StageName", "To Stage", "Stage"),
            "occurred_at": ("CreatedDate", "Last Modified", "Created Date"),
        },
        note="OpportunityHistory. A row for every change; the same stage again is no event.",
    ),
    Preset(
        PresetName.HUBSPOT,
        ImportObject.OPPORTUNITIES,
        {
            "external_id": ("hs_object_id", "Record ID"),
            "name": ("dealname", "Deal Name"),
            "account": ("Associated Company", "associatedcompanyid", "Primary Company"),
            "owner": ("hubspot_owner_id", "Deal owner", "Deal Owner"),
            "value": ("amount", "Amount"),
            "currency": ("deal_currency_code", "Currency"),
            "stage": ("dealstage", "Deal Stage"),
            "status": ("hs_is_closed_won", "hs_is_closed", "Is Closed Won", "Is closed lost"),
            "created_at": ("createdate", "Create Date"),
            "closed_at": ("closedate", "Close Date"),
            "exit_reason": ("closed_lost_reason", "Closed Lost Reason"),
        },
        {
            "hs_is_closed_won": _said(won=YES, nothing=NO),
            "hs_is_closed": _said(lost=YES, open=NO),
            "Is Closed Won": _said(won=YES, nothing=NO),
            "Is closed lost": _said(lost=YES, open=NO),
        },
        entered=(
            "hs_v2_date_entered_{}",
            "hs_date_entered_{}",
            'Date entered "{}"',
        ),
        note="Columns such as hs_v2_date_entered_<stage> become arrivals of the milestone that the"
        " stage is mapped to. The close date of an open deal means nothing.",
    ),
    Preset(
        PresetName.PIPEDRIVE,
        ImportObject.OPPORTUNITIES,
        {
            "external_id": ("id", "ID", "Deal - ID"),
            "name": ("title", "Title", "Deal - Title"),
            "account": ("org_name", "Organization", "Deal - Organization"),
            "owner": ("owner_name", "user_id", "Owner", "Deal - Owner"),
            "value": ("value", "Value", "Deal - Value"),
            "currency": ("currency", "Currency", "Deal - Currency of Value"),
            "stage": ("stage_id", "Stage", "Deal - Stage"),
            "status": ("status", "Status", "Deal - Status"),
            "created_at": ("add_time", "Deal created", "Deal - Deal created"),
            "reached_at": ("stage_change_time", "Last stage change", "Deal - Last stage change"),
            "closed_at": ("close_time", "Deal closed on", "Deal - Deal closed on"),
            "exit_reason": ("lost_reason", "Lost reason", "Deal - Lost reason"),
            "external_close_date": (
                "expected_close_date",
                "Expected close date",
                "Deal - Expected close date",
            ),
        },
        {
            name: _said(open=("Open",), won=("Won",), lost=("Lost",), deleted=("Deleted",))
            for name in ("status", "Status", "Deal - Status")
        },
        note="The status is apart from the stage: a lost deal keeps the stage it was lost in.",
    ),
    Preset(
        PresetName.PIPEDRIVE,
        ImportObject.EVENTS,
        {
            "external_id": ("deal_id", "item_id", "Deal - ID"),
            "stage": ("new_value", "stage_id", "Stage"),
            "occurred_at": ("log_time", "time", "Time"),
        },
        note="The changes of stage_id in the deals' changelog; leave other fields out.",
    ),
    Preset(
        PresetName.DYNAMICS,
        ImportObject.OPPORTUNITIES,
        {
            "external_id": ("opportunityid", "(Do Not Modify) Opportunity", "Opportunity"),
            "name": ("name", "Topic"),
            "account": ("parentaccountid", "Account", "customerid", "Potential Customer"),
            "owner": ("ownerid", "Owner"),
            "value": ("estimatedvalue", "Est. Revenue"),
            "order_value": ("actualvalue", "Actual Revenue"),
            "currency": ("isocurrencycode",),
            "stage": ("stepname", "Pipeline Phase", "salesstage"),
            "status": ("statecode", "Status"),
            "exit_kind": ("statuscode", "Status Reason"),
            "created_at": ("createdon", "Created On"),
            "closed_at": ("actualclosedate", "Actual Close Date"),
            "external_close_date": ("estimatedclosedate", "Est. Close Date"),
        },
        {
            **{
                name: _said(open=("0", "Open"), won=("1", "Won"), lost=("2", "Lost"))
                for name in ("statecode", "Status")
            },
            **{
                name: _said(
                    nothing=("1", "In Progress", "2", "On Hold", "3", "Won"),
                    no_decision=("4", "Canceled"),
                    lost=("5", "Out-Sold"),
                )
                for name in ("statuscode", "Status Reason")
            },
        },
        note="Status reasons can be customised: add your own to `fix`.",
    ),
    Preset(
        PresetName.ODOO,
        ImportObject.OPPORTUNITIES,
        {
            "external_id": ("id", "External ID", "ID"),
            "name": ("name", "Opportunity"),
            "account": ("partner_id", "partner_id/name", "Customer"),
            "owner": ("user_id", "user_id/name", "Salesperson"),
            "value": ("expected_revenue", "Expected Revenue"),
            "stage": ("stage_id", "stage_id/name", "Stage"),
            "status": ("stage_id/is_won", "Stage/Is Won Stage?", "active", "Active"),
            "created_at": ("create_date", "Created on"),
            "reached_at": ("date_last_stage_update", "Last Stage Update"),
            "closed_at": ("date_closed", "Closed Date"),
            "exit_reason": ("lost_reason_id", "Lost Reason"),
            "external_close_date": ("date_deadline", "Expected Closing"),
        },
        {
            "stage_id/is_won": _said(won=YES, nothing=NO),
            "Stage/Is Won Stage?": _said(won=YES, nothing=NO),
            "active": _said(lost=NO, nothing=YES),
            "Active": _said(lost=NO, nothing=YES),
        },
        note="A lost deal is one that is archived.",
    ),
    Preset(
        PresetName.ODOO,
        ImportObject.EVENTS,
        {
            "external_id": ("res_id", "mail_message_id/res_id"),
            "stage": ("new_value_char", "New Value Char"),
            "occurred_at": ("create_date", "Created on"),
        },
        note="mail.tracking.value of the field stage_id.",
    ),
)


def find(_: Work) -> Page:
    told = [
        ImportPresetOut(name=each.name, object=each.object, columns=_listed(each), note=each.note)
        for each in PRESETS
    ]
    return Page(told, None)


def _listed(preset: Preset) -> dict[str, list[str]]:
    return {name: list(columns) for name, columns in preset.columns.items() if columns}


def preset_of(mapping: MappingIn, object: ImportObject) -> Preset | None:
    """The preset that a mapping names; None also where that system has none for such objects."""
    named = (each for each in PRESETS if each.name == mapping.preset and each.object is object)
    return next(named, None)


def columns(preset: Preset, mapping: MappingIn, header: Sequence[str]) -> Iterator[tuple[str, str]]:
    """(column, field) that the preset finds in the header, beside what the mapping says."""
    stated = {*mapping.columns.values(), *mapping.constants}
    for name, candidates in preset.columns.items():
        there = [each for each in candidates if each in header and each not in mapping.columns]
        if name in stated or not there:
            continue
        several = [each for each in there if each in preset.words]
        for each in several or there[:1]:
            yield each, name
    for stage, meaning in mapping.stages.items():
        wide = f"reached:{meaning.reached}"
        found = [each.format(stage) for each in preset.entered if each.format(stage) in header]
        if meaning.reached is not None and wide not in stated and found:
            stated.add(wide)
            yield found[0], wide
