"""Pages of PayPal's report of transactions."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def transaction(code: str, value: str, currency: str = "EUR", **more: Any) -> Json:
    info = {
        "transaction_id": "2GG279541U471931P",
        "transaction_event_code": code,
        "transaction_initiation_date": "2026-11-24T10:00:00+00:00",
        "transaction_updated_date": "2026-11-24T10:00:00+00:00",
        "transaction_amount": {"currency_code": currency, "value": value},
        "transaction_status": "S",
        **more,
    }
    return {"transaction_info": {k: v for k, v in info.items() if v is not None}}


def report(*lines: Json, page: int = 1, pages: int = 1) -> Json:
    return {
        "transaction_details": list(lines),
        "account_number": "XMRGCYVVVKJ3K",
        "page": page,
        "total_items": len(lines),
        "total_pages": pages,
    }
