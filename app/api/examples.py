"""Bodies to start from, by the operation they are sent to."""

from typing import Any

EXAMPLES: dict[str, dict[str, Any]] = {
    "compute_cascade": {
        "target": {"amount": "100000.00", "currency": "EUR"},
        "rates": ["0.5", "0.5", "0.5", "0.5"],
        "milestones": ["interest", "invited", "need", "concept", "order"],
        "average_order_value": {"amount": "25000.00", "currency": "EUR"},
    },
    "simulate_cascade": {
        "target": {"amount": "100000.00", "currency": "EUR"},
        "rates": ["0.5", "0.5", "0.5", "0.5"],
        "changes": [{"section": 3, "rate": "0.60"}],
    },
    "create_process": {
        "key": "new-business",
        "name": "New business",
        "template": "milestone-selling-5",
        "language": "en",
    },
    "infer_process": {
        "rows": [
            {
                "deal": "4711",
                "stage": "Demo",
                "entered_at": "2026-01-12T09:00:00Z",
                "left_at": "2026-02-03T15:00:00Z",
                "outcome": "won",
            }
        ]
    },
    "create_account": {"name": "Alder & Sons"},
    "create_person": {"name": "Ada Winter", "email": "ada@example.com"},
    "create_team": {"name": "South"},
    "create_product": {"key": "press-200", "name": "Press 200"},
    "create_opportunity": {
        "name": "Second press",
        "process_id": "new-business",
        "account": {"name": "Alder & Sons"},
        "value": {"amount": "25000.00", "currency": "EUR"},
        "source": "fair-2026",
        "external_id": "4711",
    },
    "write_opportunities": {
        "mode": "per_item",
        "upsert": True,
        "items": [
            {
                "name": "Second press",
                "process_id": "new-business",
                "source": "crm",
                "external_id": "4711",
                "value": {"amount": "25000.00", "currency": "EUR"},
            },
            {
                "name": "Spare parts",
                "process_id": "new-business",
                "source": "crm",
                "external_id": "4712",
            },
        ],
    },
    "put_opportunity": {
        "name": "Second press",
        "process_id": "new-business",
        "value": {"amount": "25000.00", "currency": "EUR"},
    },
    "put_account": {"name": "Alder & Sons", "segment": "machines"},
    "put_person": {"name": "Ada Winter", "email": "ada@example.com"},
    "put_product": {"name": "Press 200"},
    "search_opportunities": {
        "filter": {
            "status": {"eq": "open"},
            "value": {"gte": "10000.00"},
            "or": [{"milestone": {"in": ["need", "concept"]}}, {"ball": {"eq": "customer"}}],
            "not": {"attributes": {"region": {"eq": "north"}}},
        },
        "sort": ["-value", "name"],
        "include": ["account"],
        "limit": 20,
    },
    "reach_milestone": {
        "milestone": "need",
        "act": "wrote",
        "what": "asked for a proposal",
        "occurred_at": "2026-07-20T09:30:00Z",
        "evidence": [{"type": "mail", "note": "mail of 20 July"}],
    },
    "exit_opportunity": {"kind": "no_decision", "reason": "no_budget"},
    "create_target": {
        "process_id": "new-business",
        "scope": "all",
        "amount": {"amount": "100000.00", "currency": "EUR"},
        "recurrence": "month",
        "from": "2026-01",
        "to": "2026-12",
    },
}
