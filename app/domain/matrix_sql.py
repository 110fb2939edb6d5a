"""The cells of a page of the matrix, as JSON written by the database: there are thousands of them.

What a cell shows is said in `app.engine.matrix`; a test compares every combination of facets.
"""

from app.domain.lapses import LAST_ORDER
from app.engine.matrix.status import DECIDING, SYMBOLS

_SYMBOL = " ".join(
    f"WHEN '{status}' THEN '{symbol}'" for status, symbol in SYMBOLS.items() if symbol
)


def _deciding(part: str) -> str:
    """This part of what is said of the facet that decides the status."""
    cases = (f"WHEN '{status}' THEN c.{name}_{part}" for status, name in DECIDING.items() if name)
    return f"CASE c.status {' '.join(cases)} END"


def _money(amount: str, currency: str) -> str:
    """Null where the amount is not known: what is joined to nothing is nothing."""
    return f"""'{{"amount":"' || {amount} || '","currency":"' || {currency} || '"}}'"""


def _flag(word: str, condition: str) -> str:
    return f"CASE WHEN {condition} THEN '\"{word}\"' END"


_RIVAL = "k.value -> 'annual_value' ->> "
# What several competitors get adds up if all of it is stated in one currency.
_OF_COMPETITORS = f"""(
    SELECT CASE WHEN count({_RIVAL}'amount') = count(*) AND count(DISTINCT {_RIVAL}'currency') = 1
      THEN {_money(f"sum(({_RIVAL}'amount')::numeric)", f"min({_RIVAL}'currency')")} END
    FROM jsonb_array_elements(c.competitors) k)"""
_ANNUAL_VALUE = f"""CASE c.status
    WHEN 'buys' THEN {_money("c.ours_annual_value", "c.ours_currency")}
    WHEN 'need' THEN {_money("c.need_value", "c.need_currency")}
    WHEN 'competitor' THEN {_OF_COMPETITORS} END"""
_BESIDES = "c.competitors <> '[]'"
_FLAGS = f"""CASE WHEN c.applicable THEN concat_ws(',',
    {_flag("buys_competitor", f"c.ours = 'yes' AND {_BESIDES}")},
    {_flag("buys_need", "c.ours = 'yes' AND c.need = 'yes'")},
    {_flag("competitor_need", f"{_BESIDES} AND c.need = 'yes'")}) END"""
_NAMES = f"""CASE WHEN {_BESIDES}
    THEN jsonb_path_query_array(c.competitors, '$[*].name')::text ELSE '[]' END"""
# When was last heard that it is bought from us: looked up only of what nobody said anything of for
# so long.
_LONG = "CAST(:now AS timestamptz) - make_interval(months => :months)"
_HEARD = f"""CASE WHEN c.status = 'buys' AND c.ours_at < {_LONG}
    THEN greatest(c.ours_at, {LAST_ORDER}) END"""
_DAY = "(v.heard AT TIME ZONE :zone)"
_LAPSED = f"""CASE WHEN v.heard < {_LONG}
    THEN '{{"since":"' || {_DAY}::date || '","expected_on":"'
      || ({_DAY} + make_interval(months => :months))::date || '"}}' ELSE 'null' END"""
# Words of ours, numbers and ids need no escape; names of competitors are written by jsonb.
_TOLD: tuple[tuple[str, str], ...] = (
    ('"product_id":"', "c.product_id"),
    ('","status":"', "c.status"),
    ('","symbol":', f"coalesce('\"' || CASE c.status {_SYMBOL} END || '\"', 'null')"),
    (',"flags":[', _FLAGS),
    ('],"facets":{"ours":"', "c.ours"),
    ('","competitors":', _NAMES),
    (',"need":"', "c.need"),
    ('","aware":"', "c.aware"),
    ('","applicable":', "c.applicable::text"),
    ('},"annual_value":', "coalesce(v.worth, 'null')"),
    (',"value_source":', """CASE WHEN v.worth IS NULL THEN '"none"' ELSE '"stated"' END"""),
    (',"score"\\:null,"confirmed":', f"coalesce({_deciding('confirmed')}::text, 'null')"),
    (',"stale":', f"coalesce({_deciding('at')} < :long_ago, false)::text"),
    (',"lapsed":', _LAPSED),
    (',"version":', "c.version"),
)

CELLS = f"""
SELECT c.account_id, c.product_id, c.status,
  concat('{{', {", ".join(f"'{words}', {told}" for words, told in _TOLD)}, '}}') AS told
FROM cells c CROSS JOIN LATERAL (
  SELECT {_ANNUAL_VALUE} AS worth, {_HEARD} AS heard) v
WHERE c.workspace_id = :workspace AND c.account_id = ANY(CAST(:accounts AS uuid[]))
  AND c.product_id = ANY(CAST(:products AS uuid[]))"""
