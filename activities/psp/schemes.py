"""What card schemes say about trying again, by dated rules (`schemes.toml`).

Plugins ask with the scheme's own codes, where their PSP passes them on.
"""

from __future__ import annotations

import tomllib
from datetime import date
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic_settings import SettingsConfigDict

from activities.psp.settings import PluginSettings, SettingsError
from workflows.domain.declines import Advice, Retry

_OURS = Path(__file__).with_name("schemes.toml")
_Code = Annotated[str, Field(pattern=r"^[0-9A-Z]{2}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class VisaRule(_Part):
    """Response codes of one of Visa's categories: 1 is never tried again, 2 to 4 may be. It counts
    from `begins`; of several rules for a code the youngest that has begun."""

    category: Annotated[int, Field(ge=1, le=4)]
    retry: Retry
    begins: date = date.min
    codes: tuple[_Code, ...] = ()


class AdviceCode(_Part):
    """One of Mastercard's merchant advice codes; `seconds` where it names the wait."""

    code: _Code
    means: str
    retry: Retry
    seconds: Annotated[int, Field(gt=0)] | None = None


class Rules(_Part):
    """A file such as `schemes.toml`."""

    visa: tuple[VisaRule, ...]
    visa_otherwise: VisaRule
    mastercard: tuple[AdviceCode, ...]

    def advice(
        self, *, scheme: str | None, scheme_code: str | None, advice_code: str | None, on: date
    ) -> Advice | None:
        """None where the scheme says nothing. Codes in the scheme's own numbering."""
        if scheme == "visa" and scheme_code:
            return Advice(self._visa(scheme_code, on).retry, None, scheme, scheme_code, advice_code)
        if scheme == "mastercard" and advice_code:
            for rule in self.mastercard:
                if rule.code == advice_code:
                    return Advice(rule.retry, rule.seconds, scheme, scheme_code, advice_code)
        return None

    def _visa(self, code: str, on: date) -> VisaRule:
        begun = [rule for rule in self.visa if code in rule.codes and rule.begins <= on]
        return max(begun, key=lambda rule: rule.begins, default=self.visa_otherwise)


class SchemesSettings(PluginSettings):
    """Another file may take the place of ours."""

    model_config = SettingsConfigDict(env_prefix="PAYSAGA_SCHEMES_")

    rules: Path = _OURS


@cache
def rules() -> Rules:
    """Those that the settings name. Raises SettingsError."""
    path = SchemesSettings.read().rules
    try:
        return read(path)
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"PAYSAGA_SCHEMES_RULES (cannot be read: {error})") from None
    except ValidationError as error:
        wrong = sorted({".".join(map(str, each["loc"])) for each in error.errors()})
        raise SettingsError(f"PAYSAGA_SCHEMES_RULES (wrong: {', '.join(wrong)})") from None


def read(path: Path) -> Rules:
    """Raises OSError, TOMLDecodeError, or ValidationError for rules that are out of shape."""
    return Rules.model_validate(tomllib.loads(path.read_text()))


def advice(
    *, scheme: str | None, scheme_code: str | None, advice_code: str | None, on: date
) -> Advice | None:
    """What the scheme says after a decline on a day (UTC); None where it says nothing."""
    return rules().advice(scheme=scheme, scheme_code=scheme_code, advice_code=advice_code, on=on)
