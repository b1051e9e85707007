"""How Temporal is reached: the section `PAYSAGA_TEMPORAL_…` of the settings."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from infra.pem import Certificates, PrivateKey, belong_together


class Temporal(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    address: Annotated[str, Field(pattern=r"^(\[[0-9a-fA-F:.]+\]|[^\s/:@]+):\d{1,5}$")] = (
        "127.0.0.1:7233"
    )
    """`host:port` of the cluster's frontend."""
    namespace: Annotated[str, Field(min_length=1)] = "default"
    """Where our runs are; `python -m workers.namespace` gives it what they need."""
    ui_url: str = "http://127.0.0.1:8233"
    """The Web UI, for the links that people are shown."""
    api_key: SecretStr | None = None
    """How to get in, of Temporal Cloud or of a cluster with an authorizer; with TLS."""
    tls: bool = False
    """TLS where neither a key nor a certificate asks for it."""
    tls_server_ca: Certificates | None = None
    """PEM of the only authorities that are trusted, instead of the system's."""
    tls_client_certificate: Certificates | None = None
    """PEM, for mutual TLS; with the key."""
    tls_client_key: PrivateKey | None = None
    """PEM, not encrypted."""
    core_queue: str = "core"
    """Where workflows and our own books run; each PSP has a queue `psp-<name>` of its own."""

    @model_validator(mode="after")
    def _certificate_has_its_key(self) -> Temporal:
        certificate, key = self.tls_client_certificate, self.tls_client_key
        names = "PAYSAGA_TEMPORAL_TLS_CLIENT_CERTIFICATE and PAYSAGA_TEMPORAL_TLS_CLIENT_KEY"
        if (certificate is None) != (key is None):
            raise ValueError(f"{names} go together")
        if certificate and key and not belong_together(certificate, key):
            raise ValueError(f"{names}: the key is of another certificate")
        return self
