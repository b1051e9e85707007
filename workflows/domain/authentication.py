"""What a PSP tells of the player's proof: 3-D Secure, and the checks of the card."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Authentication:
    """3-D Secure and card checks; an ECI means nothing without its scheme."""

    scheme: str | None = None
    eci: str | None = None
    cavv: str | None = field(default=None, repr=False)
    """The PSP's own text, where it tells it. Never in a log line."""
    cavv_present: bool | None = None
    version: str | None = None
    ds_trans_id: str | None = None
    liability_shift: bool | None = None
    avs: str | None = None
    cvv: str | None = None

    @property
    def is_reusable(self) -> bool:
        """Whether it proves to another PSP that the player was authenticated, or was to be."""
        return bool(self.cavv and self.ds_trans_id) and self.eci in _PROVED

    @property
    def handed_over(self) -> Authentication:
        """Of the proof alone: what one PSP checked of the card says nothing to another."""
        return Authentication(
            self.scheme, self.eci, self.cavv, None, self.version, self.ds_trans_id
        )


_PROVED = {"05", "06", "02", "01"}
"""Of Visa and others, and of Mastercard: authenticated, or attempted with a proof."""
