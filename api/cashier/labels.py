"""What a platform pins to a payment of its own, to know it again: given back with everything."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from api.http.bodies import Body
from api.http.fields import Metadata, Reference


class Labelled(Body):
    """A body that opens a payment, with what the platform writes on it."""

    reference: Reference | None = Field(
        None, description="your own name of it, opaque to us; it need not be unique"
    )
    metadata: Metadata = Field(default_factory=dict)

    @property
    def labels(self) -> dict[str, Any]:
        """As they stand in a payment's details."""
        return {"reference": self.reference, "metadata": self.metadata}
