"""The cells of a page of the matrix, written as JSON by the database: there are thousands of them.

What a cell shows is said in `app.engine.matrix`; a test compares every combination of facets.
"""

from app.engine.matrix.status import DECIDING, SYMBOLS

_SYMBOL = " ".join(
    f"WHEN '{status}' THEN '{symbol}'" for status, symbol in SYMBOLS.items() if symbol
)


def _deciding(part: str) -> str:
    """This part of what is said of the facet that decides the status."""
    cases = (f"WHEN '{status}' THEN c.{name}_{part}" for status, name in DECIDING.items() if name)
    return f"CASE c.status {' '.join(cases)} END"


def _money(amount: str, currency: str) -> str:
    return f"json_build_object('amount', ({amount})::text, 'currency', {currency})"


_RIVALS = "jsonb_array_elements(c.competitors) k"
# What several competitors get adds up if all of it is stated in one currency.
_OF_COMPETITORS = f"""(
    SELECT CASE WHEN count(k.value -> 'annual_value' ->> 'amount') = count(*)
        AND count(DISTINCT k.value -> 'annual_value' ->> 'currency') = 1
      THEN {
    _money(
        "sum((k.value -> 'annual_value' ->> 'amount')::numeric)",
        "min(k.value -> 'annual_value' ->> 'currency')",
    )
} END
    FROM {_RIVALS})"""
_ANNUAL_VALUE = f"""CASE c.status
    WHEN 'buys' THEN CASE WHEN c.ours_annual_value IS NOT NULL
      THEN {_money("c.ours_annual_value", "c.ours_currency")} END
    WHEN 'need' THEN CASE WHEN c.need_value IS NOT NULL
      THEN {_money("c.need_value", "c.need_currency")} END
    WHEN 'competitor' THEN {_OF_COMPETITORS}
  END"""
_FLAGS = """array_to_json(array_remove(ARRAY[
    CASE WHEN c.applicable AND c.ours = 'yes' AND c.competitors <> '[]' THEN 'buys_competitor' END,
    CASE WHEN c.applicable AND c.ours = 'yes' AND c.need = 'yes' THEN 'buys_need' END,
    CASE WHEN c.applicable AND c.competitors <> '[]' AND c.need = 'yes' THEN 'competitor_need' END
  ], NULL))"""

CELLS = f"""
SELECT c.account_id, c.product_id, c.status, json_build_object(
  'product_id', c.product_id,
  'status', c.status,
  'symbol', CASE c.status {_SYMBOL} END,
  'flags', {_FLAGS},
  'facets', json_build_object(
    'ours', c.ours,
    'competitors', jsonb_path_query_array(c.competitors, '$[*].name'),
    'need', c.need,
    'aware', c.aware,
    'applicable', c.applicable),
  'annual_value', v.annual_value,
  'value_source', CASE WHEN v.annual_value IS NULL THEN 'none' ELSE 'stated' END,
  'confirmed', {_deciding("confirmed")},
  'stale', coalesce({_deciding("at")} < :long_ago, false),
  'version', c.version)::text AS told
FROM cells c CROSS JOIN LATERAL (SELECT {_ANNUAL_VALUE} AS annual_value) v
WHERE c.workspace_id = :workspace AND c.account_id = ANY(CAST(:accounts AS uuid[]))
  AND c.product_id = ANY(CAST(:products AS uuid[]))"""
