"""The lights of this month and the forecast of the next ones, on a terminal.

pip install httpx2
BACKCAST=http://127.0.0.1:8000 KEY=bc_… python lights_and_forecast.py
"""

import os
import random
import sys
import time
from decimal import Decimal
from typing import Any

import httpx2

TRIES = 4
WORTH_ANOTHER_TRY = (429, 502, 503, 504)


class Refused(Exception):
    """What the service said when it refused: decide by `code`."""

    def __init__(self, problem: dict[str, Any]) -> None:
        super().__init__(f"{problem['code']}: {problem['title']}: {problem['detail']}")
        self.code = problem["code"]


def ask(client: httpx2.Client, path: str, **query: Any) -> Any:
    """The answer to a question; it is asked again where that may help."""
    for tried in range(1, TRIES + 1):
        answer = client.get(path, params=query)
        if answer.is_success:
            return answer.json()
        if tried == TRIES or answer.status_code not in WORTH_ANOTHER_TRY:
            break
        # Else longer every time, and never in step with other clients.
        longer = random.uniform(0, 2**tried)  # noqa: S311 - no secret
        time.sleep(min(60, float(answer.headers.get("Retry-After", longer))))
    raise Refused(answer.json())


def show_lights(client: httpx2.Client, process: str) -> None:
    # "new", not "all": targets are set for new or for existing business.
    lights = ask(client, "/v1/lights", process=process, business_type="new")
    print(f"Lights of {lights['period']}")
    print(row("milestone", "required", "arrived", "light"))
    for each in lights["milestones"]:
        values = (money(each[f"{name}_value"]) for name in ("required", "actual"))
        print(row(each["key"], *values, each["light"]))
    print(lights["focus"]["text"] if lights["focus"] else "Nothing falls short.")


def show_forecast(client: httpx2.Client, process: str) -> None:
    forecast = ask(client, "/v1/forecast", process=process, periods=3)
    print(f"\nForecast as of {forecast['as_of']} ({forecast['method']})")
    print(row("period", "p10", "expected", "p90"))
    for each in forecast["periods"]:
        print(row(each["period"], *(money(each[name]) for name in ("p10", "expected", "p90"))))


def money(told: dict[str, str] | None) -> str:
    """Amounts are decimals as text; a float would lose cents."""
    return f"{round(Decimal(told['amount'])):,} {told['currency']}" if told else "-"


def row(*cells: str) -> str:
    return f"{cells[0]:<12}" + "".join(f"{cell:>16}" for cell in cells[1:])


def main() -> None:
    address = os.environ.get("BACKCAST", "http://127.0.0.1:8000")
    headers = {"Authorization": f"Bearer {os.environ.get('KEY', '')}"}
    process = sys.argv[1] if len(sys.argv) > 1 else "sales"
    with httpx2.Client(base_url=address, headers=headers, timeout=30) as client:
        try:
            show_lights(client, process)
            show_forecast(client, process)
        except Refused as refused:
            sys.exit(str(refused))


if __name__ == "__main__":
    main()
