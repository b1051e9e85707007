"""`python -m api.contract`: the OpenAPI document, made without a server."""

from __future__ import annotations

import sys

import orjson

from activities.settings import Settings
from api.app import create_app

if __name__ == "__main__":
    # What is published depends on no setting.
    contract = create_app(Settings.model_construct()).openapi()
    sys.stdout.buffer.write(orjson.dumps(contract, option=orjson.OPT_INDENT_2))
