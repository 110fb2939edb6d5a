"""What to ask a customer about a cell of the matrix, in English and German."""

from datetime import date

_STILL = {
    "en": "Does {account} still buy {product} from us? Nothing was heard of it since {day}.",
    "de": "Kauft {account} noch immer {product} bei uns? Seit dem {day} war nichts davon zu hören.",
}
_DAY = {"en": "{0.year}-{0.month:02}-{0.day:02}", "de": "{0.day}.{0.month}.{0.year}"}


def still_buys(language: str, *, account: str, product: str, since: date) -> str:
    """
    >>> still_buys("de", account="Alder", product="Press", since=date(2024, 3, 10))
    'Kauft Alder noch immer Press bei uns? Seit dem 10.3.2024 war nichts davon zu hören.'
    """
    day = _DAY[language].format(since)
    return _STILL[language].format(account=account, product=product, day=day)
