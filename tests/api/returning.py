"""A plugin that wants to know what a player brings back; its calls are answered by a fake."""

from __future__ import annotations

from dataclasses import dataclass

from workflows.domain.psp import CompleteInstruction, Pending, Reply


class ReturningAdapter:
    parameters = ("redirectResult", *(f"p{n}" for n in range(20)))

    async def complete(self, instruction: CompleteInstruction) -> Reply:
        return Pending(instruction.psp_ref or "")

    async def aclose(self) -> None:
        return None


@dataclass(frozen=True)
class ReturningPlugin:
    name: str

    def connect(self) -> ReturningAdapter:
        return ReturningAdapter()
