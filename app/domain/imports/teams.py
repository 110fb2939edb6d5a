"""The teams that a file of people names: a team and the one above it."""

from sqlalchemy import text

from app.core.work import Work
from app.domain.imports import faults, sql
from app.domain.imports.accounts import no_cycle
from app.domain.imports.mapping import Plan
from app.domain.trees import hold
from app.tables import Team

_OWN_PARENT = """
SELECT line, parent_team AS value, NULL AS detail FROM staged_rows
WHERE lower(parent_team) = lower(team)"""

# The last row that says where a team hangs decides; the ones that disagree are told.
_OTHER_PARENT = """
SELECT r.line, r.parent_team AS value, x.last::text AS detail
FROM staged_rows r JOIN (
  SELECT DISTINCT ON (lower(team)) lower(team) AS team, lower(parent_team) AS parent, line AS last
  FROM staged_rows WHERE parent_team IS NOT NULL
  ORDER BY lower(team), line DESC) x ON x.team = lower(r.team)
WHERE lower(r.parent_team) <> x.parent"""

_SAID = """
INSERT INTO staged_teams (said, name, parent)
SELECT DISTINCT ON (lower(name)) lower(name), name, parent FROM (
  SELECT team AS name, lower(parent_team) AS parent, line FROM staged_rows WHERE team IS NOT NULL
  UNION ALL
  SELECT parent_team, NULL, line FROM staged_rows WHERE parent_team IS NOT NULL) said
ORDER BY lower(name), parent IS NULL, line DESC"""

_KNOWN = """
UPDATE staged_teams s SET id = t.id FROM (
  SELECT DISTINCT ON (x.said) x.said, t.id
  FROM staged_teams x JOIN teams t ON t.workspace_id = :ws AND t.deleted_at IS NULL
    AND (t.source = :source AND t.external_id = x.name OR lower(t.name) = x.said)
  ORDER BY x.said, t.source = :source AND t.external_id IS NOT DISTINCT FROM x.name DESC,
    t.source <> :source, t.created_at, t.id) t
WHERE t.said = s.said"""

_ENTER = """
WITH made AS (
  INSERT INTO teams (workspace_id, id, name, kind, source, version, created_at, updated_at)
  SELECT :ws, {uuid7}, name, 'team', :source, 1, :now, :now FROM staged_teams WHERE id IS NULL
  RETURNING id, name)
UPDATE staged_teams s SET id = made.id FROM made WHERE s.name = made.name"""

_HANG = """
UPDATE teams t SET parent_id = p.id, updated_at = :now,
  version = t.version + CASE WHEN t.created_at < :now THEN 1 ELSE 0 END
FROM staged_teams s JOIN staged_teams p ON p.said = s.parent
WHERE t.workspace_id = :ws AND t.id = s.id AND t.parent_id IS DISTINCT FROM p.id"""


async def check(work: Work, plan: Plan) -> None:
    """Note the rows that hang a team below itself, or in two places."""
    column = plan.name("parent_team")
    for code, found in (("own_parent", _OWN_PARENT), ("other_parent", _OTHER_PARENT)):
        await faults.note(work, found, code=code, column=column)


async def write(work: Work, source: str) -> None:
    """Make `staged_teams` (said, id): the teams of the rows, made and hung where they were not."""
    await work.db.execute(
        text(
            "CREATE TEMPORARY TABLE staged_teams (said text, name text, parent text, id uuid)"
            " ON COMMIT DROP"
        )
    )
    await sql.change(work, _SAID)
    await hold(work, Team)
    await sql.change(work, _KNOWN, source=source)
    await sql.change(work, _ENTER, source=source)
    if await sql.change(work, _HANG):
        await no_cycle(work, "teams")
