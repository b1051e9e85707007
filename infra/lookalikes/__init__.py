"""Lookalikes: local servers that speak a real PSP's dialect, and keep their own truth.

They are built from the PSP's own description of its API, not from our plugin: an independent
reading, in memory, for tests and the demo. The base is a PSP without words; a sub-package gives it
one PSP's. That is found by looking, there is no list:

`<name>/stage.py` has `STAGE`, a `stage.Stage`: what the others must know of it, as plain data.
`<name>/server.py` has `build(ground: ground.Ground) -> ground.Dialect`: its routes, its words.

`python -m infra.lookalikes <name>` starts one.
"""
