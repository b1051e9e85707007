"""What a payout waits for is said of each of its states, and of no other."""

from __future__ import annotations

import pytest

from workflows.domain.payouts import NEXT, Status
from workflows.domain.waiting import waiting_of

FACTS = {
    "account": {"psp": "acme", "id": "primary"},
    "psp_ref": "psp-1",
    "approval_reasons": ["vip"],
    "postponed_until": "2031-01-31T12:00:00Z",
    "stop_id": 7,
}


@pytest.mark.parametrize(
    ("status", "on", "more"),
    [
        (Status.AWAITING_APPROVAL, "approval", {"reasons": ["vip"]}),
        (
            Status.POSTPONED,
            "postponement",
            {"reasons": ["vip"], "until": "2031-01-31T12:00:00Z"},
        ),
        (Status.PARKED, "stop", {"stop_id": 7}),
        (Status.PROCESSING, "psp", {"psp": "acme", "psp_ref": "psp-1"}),
        (Status.CLARIFYING, "clarity", {"psp": "acme", "psp_ref": "psp-1"}),
    ],
)
def test_each_wait_names_who_can_end_it_and_nothing_else(
    status: Status, on: str, more: dict[str, object]
) -> None:
    nothing = dict.fromkeys(("stop_id", "case_id", "psp", "psp_ref", "until"))
    assert waiting_of(status, FACTS) == {"on": on, "reasons": []} | nothing | more


def test_what_is_parked_for_a_case_names_the_case() -> None:
    waits = waiting_of(Status.PARKED, {"case_id": "case_1", "stop_id": None})
    assert waits is not None
    assert (waits["on"], waits["case_id"], waits["stop_id"]) == ("case", "case_1", None)


def test_what_is_over_or_on_its_way_waits_for_nobody() -> None:
    over = [status for status, after in NEXT.items() if not after]
    assert over
    for status in (*over, Status.SUBMITTED, "PAYOUT_RETURNED"):
        assert waiting_of(status, FACTS) is None
