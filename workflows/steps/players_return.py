"""The player's way back from a PSP's page."""

from __future__ import annotations

from workflows.policies import RETURNS_AT_MOST


class PlayersReturn:
    """Each return is taken once, with what the page gave the player."""

    def __init__(self) -> None:
        self._parameters: dict[str, str] | None = None
        self._times = 0

    @property
    def is_there(self) -> bool:
        """Whether the player has come back since it was last taken."""
        return self._parameters is not None

    @property
    def may_come(self) -> bool:
        """A page may be loaded again and again: not for ever."""
        return self._times < RETURNS_AT_MOST

    def come(self, parameters: dict[str, str]) -> None:
        """The page gave them `parameters`; they replace what was not taken yet."""
        self._parameters, self._times = parameters, self._times + 1

    def take(self) -> dict[str, str]:
        """What the player came back with: nothing if it is the PSP that tells of their return."""
        parameters, self._parameters = self._parameters or {}, None
        return parameters
