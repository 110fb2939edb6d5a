"""What the stages and statuses of the other system mean, as a table to join with."""

from collections.abc import Mapping

from sqlalchemy import text

from app.core.work import Work
from app.domain.imports import faults, sql
from app.domain.imports.mapping import Plan

# What a status column may say without a mapping; a stage never means anything by itself.
STATUSES: dict[str, dict[str, str]] = {
    "open": {"act": "open"},
    "won": {"act": "won"},
    "lost": {"act": "exit", "exit_kind": "lost"},
    "exited": {"act": "exit", "exit_kind": "lost"},
    "hold": {"act": "hold"},
    "on_hold": {"act": "hold"},
    "deleted": {"act": "ignore"},
}

_FILL = """
INSERT INTO staged_stages (said, stage, act, milestone, exit_kind, reason)
SELECT said, stage, act, milestone, exit_kind, reason
FROM jsonb_to_recordset(CAST(:stages AS jsonb) -> 'all')
  AS s(said text, stage text, act text, milestone text, exit_kind text, reason text)"""

_HELD = """
SELECT r.line, r.{column} AS value, NULL AS detail FROM staged_rows r
WHERE r.{column} IS NOT NULL
  AND NOT EXISTS (SELECT FROM staged_stages s WHERE s.said = '{column}' AND s.stage IN ({words}))"""

_IGNORED = """
WITH gone AS (
  DELETE FROM staged_rows r USING staged_stages s
  WHERE s.act = 'ignore' AND ({said}) RETURNING r.line)
INSERT INTO staged_ignored SELECT line FROM gone"""
# A status as it is written, else in small letters.
_SAID = {
    "stage": "s.said = 'stage' AND s.stage = r.stage",
    "status": """s.said = 'status' AND s.stage = CASE WHEN EXISTS (
      SELECT FROM staged_stages y WHERE y.said = 'status' AND y.stage = r.status)
    THEN r.status ELSE lower(r.status) END""",
}


async def stage(work: Work, plan: Plan, *columns: str) -> None:
    """Make `staged_stages`; hold the rows whose stage or status it does not know.

    Rows whose stage or status is to be ignored go to `staged_ignored`, whatever else they say.
    """
    for table in (
        "staged_stages (said text, stage text, act text, milestone text, exit_kind text,"
        " reason text)",
        "staged_ignored (line bigint)",
    ):
        await work.db.execute(text(f"CREATE TEMPORARY TABLE {table} ON COMMIT DROP"))
    await sql.change(work, _FILL, stages={"all": _meanings(plan)})
    said = " OR ".join(_SAID[column] for column in columns)
    await sql.change(work, _IGNORED.replace("{said}", said))
    words = {"stage": "r.stage", "status": "r.status, lower(r.status)"}
    for column in columns:
        unknown = _HELD.format(column=column, words=words[column])
        name = plan.name(column)
        await faults.note(work, unknown, code=faults.HELD, column=name)


async def ignored(work: Work) -> int:
    return int(await sql.value(work, "SELECT count(*) FROM staged_ignored"))


def _meanings(plan: Plan) -> list[Mapping[str, str | None]]:
    found: list[Mapping[str, str | None]] = []
    for stage, meaning in plan.mapping.stages.items():
        ((act, said),) = meaning.meanings.items()
        entry: dict[str, str | None] = {
            "stage": stage,
            "act": act,
            "milestone": said if act == "reached" else None,
            "exit_kind": said if act == "exit" else None,
            "reason": meaning.reason,
        }
        found += [entry | {"said": "stage"}, entry | {"said": "status"}]
    plain = {word: meant for word, meant in STATUSES.items() if word not in plan.mapping.stages}
    found += [{"said": "status", "stage": word, **meant} for word, meant in plain.items()]
    return found
