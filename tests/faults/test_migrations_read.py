"""What squawk says of the SQL of each migration: what locks, rewrites or breaks a table in use."""

import io
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config

from app.core.migrations import folder

SQUAWK = str(Path(sys.executable).with_name("squawk"))
# Never asked, and why.
NEVER = {
    "prefer-bigint-over-int": "counts, versions and days, each with a bound of its own in a schema",
    "prefer-bigint-over-smallint": "places in a list and codes of statuses",
    "require-statement-timeout": "a migration takes as long as it takes; it waits 2 s for a lock",
}
# Not asked of migrations that only ever meet tables without rows. Once there is a release that
# somebody has filled, all later ones are asked.
ROWS = {
    "adding-field-with-default": "a column that is computed rewrites the table",
    "adding-foreign-key-constraint": "the rows of both tables are looked at under a lock",
    "ban-drop-column": "the release before may still ask for it",
    "ban-drop-constraint": "the release before may count on it",
    "ban-drop-default": "the release before may count on it",
    "constraint-missing-not-valid": "the rows are looked at under a lock",
    "require-concurrent-index-creation": "writing waits until the index is made",
    "require-concurrent-index-deletion": "everybody waits for the lock",
}
# The last migration of 0.1.0, named when that is released.
RELEASED = ""
FIRST = "## [0.1.0] - "


def sql() -> dict[str, str]:
    """Revision → its statements, as they would be sent."""
    said = io.StringIO()
    config = Config(output_buffer=said)
    config.set_main_option("script_location", str(folder()))
    command.upgrade(config, "head", sql=True)
    _, *parts = re.split(r"-- Running upgrade .*?-> (\S+)\n", said.getvalue())
    return dict(zip(parts[::2], parts[1::2], strict=True))


def read(place: Path, statements: dict[str, str]) -> dict[str, set[str]]:
    """Revision → the rules it breaks. Each is read for itself: its tables are there, and filled."""
    for revision, text in statements.items():
        body = "\n".join(line for line in text.splitlines() if line != "COMMIT;")
        (place / f"{revision}.sql").write_text(f"SET LOCAL lock_timeout = '2s';\n{body}\n")
    squawk = [SQUAWK, "--pg-version=16", "--assume-in-transaction", "--reporter=json"]
    files = sorted(str(path) for path in place.glob("*.sql"))
    told = subprocess.run([*squawk, *files], capture_output=True, text=True, check=False)  # noqa: S603 - ours
    assert told.returncode in (0, 1), told.stderr
    found: dict[str, set[str]] = {revision: set() for revision in statements}
    for each in json.loads(told.stdout or "[]"):
        found[Path(each["file"]).stem].add(each["rule_name"])
    return found


def test_no_migration_does_what_a_table_in_use_would_feel(tmp_path):
    statements = sql()
    revisions = list(statements)
    filled = revisions.index(RELEASED) + 1 if RELEASED else len(revisions)
    found = read(tmp_path, statements)
    excused = {
        revision: set(NEVER) | (set(ROWS) if number < filled else set())
        for number, revision in enumerate(revisions)
    }
    assert {r: found[r] - excused[r] for r in revisions if found[r] - excused[r]} == {}


def test_with_the_first_release_the_migrations_that_may_still_be_hard_are_fixed():
    line = next(x for x in Path("CHANGELOG.md").read_text().splitlines() if x.startswith(FIRST))
    assert line.endswith("unreleased") == (RELEASED == "")


@pytest.mark.parametrize(
    ("statement", "rule"),
    [
        ("ALTER TABLE teams ALTER COLUMN name TYPE varchar(20);", "changing-column-type"),
        ("ALTER TABLE teams RENAME COLUMN name TO title;", "renaming-column"),
        ("ALTER TABLE teams ADD COLUMN size bigint NOT NULL;", "adding-required-field"),
        ("CREATE INDEX teams_idx ON teams (name);", "require-concurrent-index-creation"),
    ],
)
def test_what_would_be_felt_is_found(tmp_path, statement, rule):
    assert rule in read(tmp_path, {"later": statement})["later"]
