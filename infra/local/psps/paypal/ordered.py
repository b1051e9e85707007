"""Refusals to order: the next matching calls are refused in PayPal's words, and not executed."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, field_validator

from infra.local.psps.paypal import errors
from infra.local.psps.paypal.errors import PayPalError


class Refusal(BaseModel):
    """`path` is a regular expression that is searched for in the path; `times` null: for good."""

    model_config = ConfigDict(extra="forbid")

    path: str = ""
    status: Annotated[int, Field(ge=400, le=599)] = 422
    name: str = ""
    """PayPal's name of it; empty: the one of the status."""
    issue: str = ""
    """In the details; empty: there are none."""
    times: Annotated[int, Field(ge=1)] | None = 1

    @field_validator("path")
    @classmethod
    def _compiles(cls, path: str) -> str:
        try:
            re.compile(path)
        except re.error as failure:
            raise ValueError("must be a regular expression") from failure
        return path

    def error(self) -> PayPalError:
        body = errors.plain(self.status)
        if self.name:
            body["name"] = self.name
        if self.issue:
            body["details"] = [{"issue": self.issue, "description": "It was ordered."}]
        return PayPalError(self.status, body)


class Refusals:
    """Only writes meet them: what is looked at is told as it is."""

    def __init__(self) -> None:
        self.ordered: list[Refusal] = []

    def meet(self, method: str, path: str) -> None:
        """Raises PayPalError; the oldest that matches is used up by that."""
        if method != "POST":
            return
        for refusal in self.ordered:
            if re.search(refusal.path, path):
                if refusal.times is not None:
                    refusal.times -= 1
                    self.ordered = [each for each in self.ordered if each.times != 0]
                raise refusal.error()
