"""The schemes' rules about trying again: dated, by scheme, and never mixed."""

from __future__ import annotations

import json
import os
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from activities.psp import schemes
from activities.psp.settings import SettingsError
from tests.house.rooms import ROOT
from workflows.domain.declines import Advice, Retry

TODAY = date(2026, 11, 24)


def advice_on(
    scheme: str | None, code: str | None = None, advised: str | None = None
) -> Advice | None:
    return schemes.advice(scheme=scheme, scheme_code=code, advice_code=advised, on=TODAY)


def retry_of(scheme: str, code: str | None = None, advised: str | None = None) -> Retry:
    found = advice_on(scheme, code, advised)
    assert found is not None
    return found.retry


def test_visa_s_first_category_is_never_tried_again() -> None:
    assert {retry_of("visa", code) for code in ("04", "14", "43", "R0")} == {Retry.NEVER}


def test_visa_s_second_category_is_tried_later_and_the_third_after_a_change() -> None:
    assert retry_of("visa", "51") is Retry.LATER
    assert retry_of("visa", "54") is Retry.AFTER_CHANGE
    assert retry_of("visa", "05") is Retry.FREE


def test_a_rule_counts_from_the_day_it_begins() -> None:
    ask = schemes.rules().advice
    before, after = (
        ask(scheme="visa", scheme_code="57", advice_code=None, on=day)
        for day in (date(2026, 10, 24), date(2026, 10, 25))
    )
    assert before is not None
    assert after is not None
    assert (before.retry, after.retry) == (Retry.FREE, Retry.NEVER)


def test_mastercard_s_advice_has_its_time() -> None:
    later = advice_on("mastercard", "51", "24")
    assert later == Advice(Retry.LATER, 3600, "mastercard", "51", "24")
    assert {retry_of("mastercard", None, code) for code in ("03", "21")} == {Retry.NEVER}


def test_a_sanctions_score_is_never_tried_again_and_a_merchant_that_does_not_qualify_may() -> None:
    assert retry_of("mastercard", "05", "42") is Retry.NEVER
    assert retry_of("mastercard", "05", "22") is Retry.FREE


def test_one_scheme_s_codes_mean_nothing_in_another() -> None:
    assert advice_on("mastercard", "43") is None
    assert advice_on("amex", "43", "03") is None
    assert advice_on(None, "43", "03") is None
    assert advice_on("visa", None, "03") is None
    assert advice_on("mastercard", None, "99") is None


def test_another_file_takes_the_place_of_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = (ROOT / "activities/psp/schemes.toml").read_text()
    (tmp_path / "rules.toml").write_text(ours.replace("seconds = 3600", "seconds = 7200"))
    monkeypatch.setenv("PAYSAGA_SCHEMES_RULES", str(tmp_path / "rules.toml"))
    schemes.rules.cache_clear()
    try:
        chosen = advice_on("mastercard", "51", "24")
    finally:
        schemes.rules.cache_clear()
    assert chosen is not None
    assert chosen.after_seconds == 7200


@pytest.mark.parametrize("text", ["[[visa]", "visa = 1", '[[visa]]\ncategory = 9\nretry = "x"'])
def test_a_file_that_is_wrong_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    (tmp_path / "rules.toml").write_text(text)
    monkeypatch.setenv("PAYSAGA_SCHEMES_RULES", str(tmp_path / "rules.toml"))
    schemes.rules.cache_clear()
    try:
        with pytest.raises(SettingsError, match="PAYSAGA_SCHEMES_RULES"):
            schemes.rules()
    finally:
        schemes.rules.cache_clear()


def test_the_rules_are_those_of_the_sources() -> None:
    folder = Path(os.environ.get("PAYSAGA_SPECS_DIR", ROOT.parent / "shared" / "specs"))
    if not (folder / "declines.json").is_file():
        pytest.skip("the sources are not at hand: set PAYSAGA_SPECS_DIR")
    source: dict[str, Any] = json.loads((folder / "declines.json").read_text())
    for name, retry in (("1_never_retry", Retry.NEVER), ("2_try_later", Retry.LATER)):
        for code in source["visa"][f"category_{name}"]:
            assert retry_of("visa", code.split()[0]) is retry, code
    for code, seconds in source["mastercard_merchant_advice_code"]["timed"].items():
        later = advice_on("mastercard", None, code)
        assert later is not None
        assert (later.retry, later.after_seconds) == (Retry.LATER, seconds)
