"""What can be wrong with a field: a code for programs, a sentence for people."""

from typing import Any
from uuid import UUID

from app.core.work import Work
from app.domain.imports import sql

HELD = "needs_mapping"
TEXTS = {
    "missing": ("a value is needed here", "hier wird ein Wert gebraucht"),
    "too_long": ("longer than {0} characters", "länger als {0} Zeichen"),
    "not_a_decimal": (
        "not a number such as {0}; `locale` says how they are written",
        "keine Zahl wie {0}; `locale` sagt, wie sie geschrieben werden",
    ),
    "negative": ("must not be negative", "darf nicht negativ sein"),
    "amount_too_large": ("more than 18 digits", "mehr als 18 Stellen"),
    "too_many_decimals": (
        "more decimals than the currency has; is {0} the way numbers are written here?",
        "mehr Nachkommastellen, als die Währung hat; werden Zahlen hier wie {0} geschrieben?",
    ),
    "out_of_range": (
        "not between 0 and 1, nor a percentage such as 60%",
        "weder zwischen 0 und 1 noch ein Prozentwert wie 60%",
    ),
    "unknown_currency": ("not an ISO 4217 code", "kein Kürzel nach ISO 4217"),
    "not_a_date": (
        "not a date such as {0}; `date_format` says how they are written",
        "kein Datum wie {0}; `date_format` sagt, wie sie geschrieben werden",
    ),
    "date_out_of_range": ("not between 1900 and 2200", "nicht zwischen 1900 und 2200"),
    "in_future": ("lies in the future", "liegt in der Zukunft"),
    "not_a_boolean": ("neither true nor false", "weder wahr noch falsch"),
    "not_one_of": ("not one of {0}", "keines von {0}"),
    "not_a_mark": (
        "not one of X, red, red: competitor, green, grey, n/a",
        "keines von X, rot, rot: Wettbewerber, grün, grau, n/a",
    ),
    "answer_missing": (
        "says more about an answer that is not given here",
        "ergänzt eine Antwort, die hier nicht gegeben wird",
    ),
    "pattern": (
        "only small letters, digits, - and _, at most 64",
        "nur Kleinbuchstaben, Ziffern, - und _, höchstens 64",
    ),
    "not_an_email": ("not an e-mail address", "keine E-Mail-Adresse"),
    "too_many_fields": (
        "the row has more fields than the header",
        "die Zeile hat mehr Felder als die Kopfzeile",
    ),
    "too_few_fields": (
        "the row has fewer fields than the header",
        "die Zeile hat weniger Felder als die Kopfzeile",
    ),
    "nul_character": ("contains the character NUL", "enthält das Zeichen NUL"),
    "duplicate_in_file": (
        "line {0} says more about the same object",
        "Zeile {0} sagt mehr über dasselbe Objekt",
    ),
    "own_parent": ("cannot be below itself", "kann nicht unter sich selbst stehen"),
    "other_parent": (
        "line {0} puts this team below another one",
        "Zeile {0} stellt dieses Team unter ein anderes",
    ),
    "email_taken": (
        "another person has this address",
        "eine andere Person hat diese Adresse",
    ),
    "unknown_product": ("there is no such product", "dieses Produkt gibt es nicht"),
    "unknown_opportunity": (
        "this source has no opportunity with this id",
        "diese Quelle hat keine Geschäftsmöglichkeit mit dieser Kennung",
    ),
    "unknown_milestone": (
        "the opportunity's process has no such milestone",
        "der Prozess hat keinen solchen Meilenstein",
    ),
    "other_process": (
        "the opportunity is in another process",
        "die Geschäftsmöglichkeit ist in einem anderen Prozess",
    ),
    "needs_mapping": (
        "the mapping does not say what this stage means; say it, and release the row",
        "die Zuordnung sagt nicht, was diese Phase bedeutet; sagen Sie es, und geben Sie sie frei",
    ),
}

CREATE = """
CREATE TEMPORARY TABLE staged_faults (
  line bigint, place int, outcome text, "column" text, code text, value text, detail text
) ON COMMIT DROP"""

# After the faults of single fields.
_NOTE = """
INSERT INTO staged_faults
SELECT line, 10000, :outcome, :column, :code, value, detail FROM ({found}) found"""

_SET_ASIDE = "DELETE FROM staged_rows r USING staged_faults f WHERE f.line = r.line"

_KEEP = """
INSERT INTO import_problems
  (workspace_id, import_id, line, number, outcome, "column", code, value, detail)
SELECT :ws, :import, line,
  row_number() OVER (PARTITION BY line ORDER BY place, code)::int,
  outcome, "column", code, left(value, 500), detail
FROM staged_faults"""

_HELD_ROWS = """
CREATE TEMPORARY TABLE staged_released ON COMMIT DROP AS
SELECT line FROM import_problems WHERE workspace_id = :ws AND import_id = :import
GROUP BY line HAVING bool_and(outcome = 'held')"""
_FORGET = """
DELETE FROM import_problems WHERE workspace_id = :ws AND import_id = :import
  AND line IN (SELECT line FROM staged_released)"""

_COUNT = """
SELECT count(*) FILTER (WHERE NOT held) AS rejected, count(*) FILTER (WHERE held) AS held
FROM (SELECT line, bool_and(outcome = 'held') AS held FROM staged_faults GROUP BY line) rows"""


def sentence(code: str, detail: str | None, language: str) -> str:
    english, german = TEXTS[code]
    return (german if language == "de" else english).format(detail)


async def note(work: Work, found: str, code: str, column: str, **values: Any) -> int:
    """Note a fault for the rows that `found` selects (line, value, detail), and set these aside.

    What needs mapping waits for a word from the sender; everything else is rejected.
    """
    statement = _NOTE.replace("{found}", found)
    outcome = "held" if code == HELD else "rejected"
    count = await sql.change(work, statement, outcome=outcome, column=column, code=code, **values)
    if count:
        await set_aside(work)
    return count


async def set_aside(work: Work) -> None:
    """Rows with a fault are not written."""
    await sql.change(work, _SET_ASIDE)


async def keep(work: Work, import_id: object) -> None:
    """Store the faults with the import."""
    await sql.change(work, _KEEP, **{"import": import_id})


async def release(work: Work, import_id: UUID) -> int:
    """Make `staged_released` (line) of the rows that are held, and forget why; how many."""
    for statement in (_HELD_ROWS.replace(":import", f"'{import_id}'"), _FORGET):
        await sql.change(work, statement, **{"import": import_id})
    return int(await sql.value(work, "SELECT count(*) FROM staged_released"))


async def count(work: Work) -> tuple[int, int]:
    """(rows rejected, rows held)."""
    row = (await sql.rows(work, _COUNT))[0]
    return row.rejected, row.held
