"""The members each request has, by the descriptions; any other is refused as Adyen refuses it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    name: str
    members: frozenset[str]


def _known(name: str, members: str) -> Known:
    return Known(name, frozenset(members.split()))


_SHOPPER = (
    "shopperEmail shopperLocale shopperName shopperReference shopperStatement "
    "socialSecurityNumber telephoneNumber "
)
_COMMON = (
    "amount applicationInfo billingAddress captureDelayHours countryCode dateOfBirth deliverAt "
    "deliveryAddress fundOrigin fundRecipient lineItems mcc merchantAccount "
    "merchantOrderReference metadata platformChargebackLogic recurringProcessingModel reference "
    "returnUrl riskData splits store threeDS2RequestData " + _SHOPPER
)
_WEB = (
    "accountInfo additionalAmount additionalData authenticationData channel company "
    "enableOneClick enablePayOut enableRecurring mandate mpiData recurringExpiry "
    "recurringFrequency redirectFromIssuerMethod redirectToIssuerMethod shopperIP "
    "shopperInteraction storePaymentMethod threeDSAuthenticationOnly trustedShopper "
)
_HOSTED = (
    "allowedPaymentMethods blockedPaymentMethods installmentOptions "
    "showRemovePaymentMethodButton splitCardFundingSources storePaymentMethodMode themeId "
)
_MODIFYING = "applicationInfo enhancedSchemeData merchantAccount reference "
_PRICED = _MODIFYING + "amount lineItems splits "

PAYMENT = _known(
    "PaymentRequest",
    _COMMON + _WEB + "bankAccount browserInfo checkoutAttemptId conversionId dccQuote "
    "deliveryDate deviceFingerprint enhancedSchemeData entityType fraudOffset industryUsage "
    "installments localizedShopperStatement merchantRiskIndicator order orderReference origin "
    "paymentMethod paymentValidations sessionValidity shopperConversionId shopperTaxInfo "
    "subMerchants surcharge",
)
DETAILS = _known(
    "PaymentDetailsRequest", "authenticationData details paymentData threeDSAuthenticationOnly"
)
LINK = _known(
    "PaymentLinkRequest",
    _COMMON + _HOSTED + "description expiresAt manualCapture requiredShopperFields reusable",
)
SESSION = _known(
    "CreateCheckoutSessionRequest",
    _COMMON + _WEB + _HOSTED + "expiresAt mode showInstallmentAmount storeFiltrationMode",
)
LINK_UPDATE = _known("UpdatePaymentLinkRequest", "status")
CAPTURE = _known("PaymentCaptureRequest", _PRICED + "platformChargebackLogic subMerchants")
CANCEL = _known("PaymentCancelRequest", _MODIFYING)
REVERSAL = _known("PaymentReversalRequest", _MODIFYING)
REFUND = _known("PaymentRefundRequest", _PRICED + "capturePspReference merchantRefundReason store")
AMOUNT_UPDATE = _known("PaymentAmountUpdateRequest", _PRICED + "industryUsage")
TECHNICAL_CANCEL = _known("StandalonePaymentCancelRequest", _MODIFYING + "paymentReference")

TRANSFER = _known(
    "TransferInfo",
    "amount balanceAccountId category counterparty description executionDate paymentInstrumentId "
    "priorities priority reference referenceForBeneficiary review type ultimateParty",
)
_PAYOUT = (
    "additionalData amount dateOfBirth entityType fraudOffset merchantAccount nationality "
    "recurring reference shopperEmail shopperName shopperReference shopperStatement "
    "socialSecurityNumber "
)
SUBMIT = _known("SubmitRequest", _PAYOUT + "selectedRecurringDetailReference")
STORE_AND_SUBMIT = _known(
    "StoreDetailAndSubmitRequest",
    _PAYOUT + "bank billingAddress card selectedBrand telephoneNumber",
)
MODIFY = _known("ModifyRequest", "additionalData merchantAccount originalReference")
