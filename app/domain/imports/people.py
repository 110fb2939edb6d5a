"""People from a file, and the teams they are in."""

from datetime import date

from app.core.work import Work
from app.domain.imports import faults, sql, teams, traces
from app.domain.imports.mapping import Plan
from app.domain.imports.outcome import Outcome, matches, outcome, settle
from app.domain.people import ALWAYS

# The person a row means: by id, else by e-mail, else the one of this name and source that has no
# id yet. Without ids, e-mail and name decide.
_MATCH = """
INSERT INTO staged_matches (line, id, fresh, identity)
SELECT m.line, coalesce(m.found, {uuid7}), m.found IS NULL,
  coalesce(m.found::text, m.external_id, lower(m.email), lower(m.name))
FROM (
  SELECT r.line, r.external_id, r.email, r.name,
    coalesce(a.id, e.id, CASE WHEN r.external_id IS NULL
      OR r.external_id = min(r.external_id) OVER (PARTITION BY a.id, e.id, b.id) THEN b.id END)
      AS found
  FROM staged_rows r
  LEFT JOIN people a ON a.workspace_id = :ws AND a.source = :source
    AND a.external_id = r.external_id AND a.deleted_at IS NULL
  LEFT JOIN people e ON a.id IS NULL AND e.workspace_id = :ws AND lower(e.email) = lower(r.email)
    AND e.deleted_at IS NULL
    AND (r.external_id IS NULL OR e.external_id IS NULL OR e.source <> :source)
  LEFT JOIN (
    SELECT DISTINCT ON (lower(name)) lower(name) AS name, id, external_id, email FROM people
    WHERE workspace_id = :ws AND deleted_at IS NULL AND source = :source
    ORDER BY lower(name), external_id IS NOT NULL, created_at, id) b
    ON a.id IS NULL AND e.id IS NULL AND b.name = lower(r.name)
      AND (r.external_id IS NULL OR b.external_id IS NULL)
      AND (r.email IS NULL OR b.email IS NULL)) m"""

# Two people cannot have one address, neither here nor in the file.
_TAKEN = """
SELECT r.line, r.email AS value, NULL AS detail
FROM staged_rows r JOIN staged_matches m ON m.line = r.line
WHERE EXISTS (
    SELECT FROM people p WHERE p.workspace_id = :ws AND p.deleted_at IS NULL
      AND lower(p.email) = lower(r.email) AND p.id <> m.id)
  OR EXISTS (
    SELECT FROM staged_rows x JOIN staged_matches y ON y.line = x.line
    WHERE lower(x.email) = lower(r.email) AND x.line > r.line)"""

_ENTER = """
INSERT INTO people (workspace_id, id, name, email, active, source, external_id, version, created_at,
  updated_at)
SELECT :ws, m.id, r.name, r.email, coalesce(r.active, true), :source, r.external_id, 1, :now, :now
FROM staged_rows r JOIN staged_matches m ON m.line = r.line WHERE m.fresh"""

# Whoever was a placeholder is active from now on, unless the file says otherwise.
_WANTED = """
SELECT o.id, r.line, r.name,
  CASE WHEN :has_email THEN r.email ELSE o.email END AS email,
  coalesce(r.active, CASE WHEN o.external_id IS NULL AND r.external_id IS NOT NULL THEN true END,
    o.active) AS active,
  CASE WHEN o.source = :source THEN coalesce(r.external_id, o.external_id)
    ELSE o.external_id END AS external_id
FROM staged_rows r JOIN staged_matches m ON m.line = r.line
JOIN people o ON o.workspace_id = :ws AND o.id = m.id
WHERE NOT m.fresh"""

_CHANGE = """
UPDATE people p SET name = n.name, email = n.email, active = n.active, external_id = n.external_id,
  version = p.version + 1, updated_at = :now
FROM ({wanted}) n
WHERE p.workspace_id = :ws AND p.id = n.id
  AND ((p.name, p.email, p.active, p.external_id)
      IS DISTINCT FROM (n.name, n.email, n.active, n.external_id)
    OR n.line IN (SELECT line FROM staged_joins))""".replace("{wanted}", _WANTED)

# Since when the person is in the team: as told; else always, or, when there was another, today.
_JOINS = """
INSERT INTO staged_joins (line, person_id, team_id, since)
SELECT j.line, j.person_id, j.team_id, j.since FROM (
  SELECT r.line, m.id AS person_id, t.id AS team_id,
    coalesce(r.team_since, CASE WHEN b.person_id IS NULL THEN :always ELSE :today END) AS since,
    r.team_since IS NULL AND b.person_id IS NOT NULL AND b.team_id IS NOT DISTINCT FROM t.id
      AS there
  FROM staged_rows r JOIN staged_matches m ON m.line = r.line
  JOIN staged_teams t ON t.said = lower(r.team)
  LEFT JOIN LATERAL (
    SELECT person_id, team_id FROM memberships
    WHERE workspace_id = :ws AND person_id = m.id AND since <= :today
    ORDER BY since DESC LIMIT 1) b ON true) j
WHERE NOT j.there AND NOT EXISTS (
  SELECT FROM memberships k WHERE k.workspace_id = :ws AND k.person_id = j.person_id
    AND k.since = j.since AND k.team_id IS NOT DISTINCT FROM j.team_id)"""

_LEAVE = """
DELETE FROM memberships k USING staged_joins j
WHERE k.workspace_id = :ws AND k.person_id = j.person_id AND k.since = j.since"""

_JOIN = """
INSERT INTO memberships (workspace_id, person_id, since, team_id)
SELECT :ws, person_id, since, team_id FROM staged_joins"""

_TABLE = """
CREATE TEMPORARY TABLE staged_joins (line bigint, person_id uuid, team_id uuid, since date)
ON COMMIT DROP"""


async def prepare(work: Work, plan: Plan) -> None:
    """Note rows about the same person, addresses of somebody else, teams in two places."""
    await teams.check(work, plan)
    await matches(work, _MATCH, plan.name("external_id", "email", "name"), source=plan.source)
    await faults.note(work, _TAKEN, code="email_taken", column=plan.name("email"))
    await settle(work)


async def write(work: Work, plan: Plan) -> Outcome:
    """Write `staged_rows`. Teams that are not known are made, and hung where the file says."""
    await traces.look(work, "people", "SELECT id FROM staged_matches WHERE NOT fresh")
    created = await sql.change(work, _ENTER, source=plan.source)
    await teams.write(work, plan.source)
    await sql.change(work, _TABLE)
    days: dict[str, date] = {"always": ALWAYS, "today": work.today}
    await sql.change(work, _JOINS, **days)
    updated = await sql.change(work, _CHANGE, source=plan.source, has_email=plan.has("email"))
    await sql.change(work, _LEAVE)
    await sql.change(work, _JOIN)
    await traces.keep(work, plan, "people")
    await traces.made(work, plan, "people", "SELECT id FROM staged_matches WHERE fresh")
    return await outcome(work, created, updated)
