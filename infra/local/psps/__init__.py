"""What a laptop has in place of PSPs: local servers that behave like them and keep their own truth.

`base` is a PSP without words; a folder beside it gives it one PSP's, and knows no other.

`sandbox` is a PSP of our own, which keeps what it did in SQLite: it may be killed. The others are
lookalikes: they speak a real PSP's dialect, built from the PSP's own description of its API, not
from our plugin: an independent reading, in memory, for tests and the demo. A lookalike is found by
looking, there is no list:

`<name>/profile.py` has `PROFILE`: what the others must know of it, as plain data.
`<name>/server.py` has `build(context) -> Dialect`: its routes, its words.

`python -m infra.local.psps <name>` starts one, `python -m infra.local.psps.sandbox` the sandbox
PSP.
"""
