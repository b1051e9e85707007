"""Who may do what: a row for every route that the application has. A new route needs one here."""

from __future__ import annotations

from enum import StrEnum

from activities.access.credential import Role

OPERATOR, APPROVER = {Role.OPERATOR}, {Role.APPROVER}
DESK, CASHIERS = OPERATOR | APPROVER, OPERATOR | {Role.PLATFORM}
ALL_ROLES = DESK | CASHIERS


class Whose(StrEnum):
    PUBLIC = "asks for no token"
    SIGNED = "asks for a PSP's signature"
    THING = "is about one thing of a brand"
    BRAND = "names a brand"
    OWN = "shows or opens what is the caller's"
    HOUSE = "is everybody's, so it needs a credential for all brands"


_TABLE = """
GET  /openapi.json                                      PUBLIC
HEAD /openapi.json                                      PUBLIC
GET  /docs                                              PUBLIC
GET  /healthz                                           PUBLIC
GET  /readyz                                            PUBLIC
POST /webhooks/{psp}                                  SIGNED
POST /payments/callback                                 SIGNED
POST /payments/init                                     OWN    CASHIERS
POST /v1/cashier/intents                                BRAND  CASHIERS
GET  /v1/cashier/intents                                OWN    ALL_ROLES
GET  /v1/cashier/intents/{intent_id}                  THING  ALL_ROLES
POST /v1/cashier/intents/{intent_id}/authorize        THING  CASHIERS
POST /v1/cashier/intents/{intent_id}/complete         THING  CASHIERS
POST /v1/cashier/intents/{intent_id}/capture          THING  CASHIERS
POST /v1/cashier/intents/{intent_id}/void             THING  CASHIERS
POST /v1/cashier/intents/{intent_id}/cancel           THING  CASHIERS
GET  /v1/cashier/intents/{intent_id}/events           THING  ALL_ROLES
POST /v1/cashier/captures/{capture_id}/refunds        THING  CASHIERS
GET  /v1/cashier/refunds                                OWN    ALL_ROLES
GET  /v1/cashier/refunds/{refund_id}                  THING  ALL_ROLES
POST /v1/cashier/payouts                                BRAND  CASHIERS
GET  /v1/cashier/payouts                                OWN    ALL_ROLES
GET  /v1/cashier/payouts/{payout_id}                  THING  ALL_ROLES
POST /v1/cashier/payouts/{payout_id}/approvals        THING  APPROVER
POST /v1/cashier/payouts/{payout_id}/cancel           THING  CASHIERS
GET  /v1/operations/actions                              OWN    DESK
GET  /v1/approvals                                      OWN    ALL_ROLES
GET  /v1/wallet/players/{player_id}                   BRAND  ALL_ROLES
GET  /v1/payments                                       OWN    ALL_ROLES
GET  /v1/events                                         OWN    ALL_ROLES
POST /v1/events/replay                                  BRAND  CASHIERS
POST /v1/events/{event_id}/replay                     THING  CASHIERS
POST /v1/payments/{payment_id}/events/replay          THING  CASHIERS
PUT  /v1/risk/players/{player_id}                     BRAND  OPERATOR
GET  /v1/risk/players/{player_id}                     BRAND  DESK
GET  /v1/routing/switches                               OWN    DESK
PUT  /v1/routing/switches                               BRAND  OPERATOR
GET  /v1/routing/accounts                               OWN    DESK
POST /v1/routing/accounts                               HOUSE  OPERATOR
GET  /v1/routing/policies                               OWN    DESK
POST /v1/routing/policies                               BRAND  OPERATOR
GET  /v1/routing/policies/{policy_id}                 THING  DESK
GET  /v1/routing/policies/{policy_id}/versions/{version}  THING  DESK
POST /v1/routing/policies/{policy_id}/estimate        THING  DESK
POST /v1/routing/policies/{policy_id}/replay          THING  DESK
GET  /v1/routing/changes                                OWN    DESK
GET  /v1/routing/changes/{change_id}                  THING  DESK
POST /v1/routing/changes/{change_id}/decision         THING  APPROVER
GET  /v1/routing/receipts/{payment_id}                THING  DESK
GET  /v1/routing/experiments/{policy_id}/{name}     THING  DESK
POST /v1/routing/chargebacks                            THING  OPERATOR
GET  /v1/routing/health                                 OWN    DESK
GET  /v1/routing/health/events                          OWN    DESK
GET  /v1/routing/stops                                  OWN    DESK
POST /v1/routing/stops                                  BRAND  OPERATOR
GET  /v1/routing/stops/{stop_id}                      THING  DESK
POST /v1/routing/stops/{stop_id}/lift                 THING  OPERATOR
GET  /v1/routing/rates                                  OWN    DESK
GET  /v1/routing/rates/{psp}                          OWN    DESK
PUT  /v1/routing/rates/{psp}                          HOUSE  OPERATOR
GET  /v1/cases                                          OWN    DESK
GET  /v1/cases/{case_id}                              THING  DESK
POST /v1/cases/{case_id}/resolutions                  THING  OPERATOR
POST /v1/cases/{case_id}/resolutions/approvals        THING  APPROVER
POST /v1/cases/{case_id}/assign                       THING  OPERATOR
GET  /v1/security/events                                HOUSE  DESK
GET  /v1/webhooks/types                                 HOUSE  DESK
GET  /v1/webhooks/events                                OWN    DESK
GET  /v1/webhooks/events/{heard_id}                   THING  DESK
POST /v1/webhooks/events/{heard_id}/redeliver         THING  OPERATOR
GET  /v1/declines                                       OWN    DESK
GET  /v1/audit                                          HOUSE  OPERATOR
"""
_ROLES = {"ALL_ROLES": ALL_ROLES, "CASHIERS": CASHIERS, "DESK": DESK,
          "OPERATOR": OPERATOR, "APPROVER": APPROVER}  # fmt: skip

WHO_MAY: dict[str, tuple[Whose, frozenset[Role]]] = {}
for _line in filter(None, _TABLE.splitlines()):
    _method, _path, _whose, *_roles = _line.split()
    _may = frozenset(role for name in _roles for role in _ROLES[name])
    WHO_MAY[f"{_method} {_path}"] = (Whose[_whose], _may)
