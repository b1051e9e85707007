"""A wrong setting ends every process of ours with one sentence that names it and quotes nothing."""

from __future__ import annotations

import asyncio
import base64
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from infra.local.stack.ports import free_ports
from infra.local.stack.postgres import Database
from infra.local.stack.temporal import LocalTemporal
from tests.infra.certificates import Authority
from tests.infra.endings import Ending, Run, endings
from tests.sealing import KEY, SETTING

SECRET = "secret-word"
API, WORKERS, MIGRATIONS = "api", "workers", "activities.migrations"
CREDENTIALS, AUDIT, NAMESPACE = "api.credentials list", "activities.audit", "workers.namespace"
ISSUING = "api.credentials issue --name casino --role platform --brand acme"
ALL = (API, WORKERS, MIGRATIONS, CREDENTIALS, AUDIT)
WITH_SETTINGS = (API, WORKERS, MIGRATIONS, CREDENTIALS)
SERVING = (API, WORKERS)
WITH_TEMPORAL = (API, WORKERS, AUDIT, NAMESPACE)
NOWHERE = f"postgresql://app:{SECRET}@127.0.0.1:1/paysaga"
ACCOUNTS = "PAYSAGA_STRIPE_ACCOUNTS"
STRIPE = {"PAYSAGA_ROUTING_PSPS": '["stripe"]'}
PRODUCTION = {
    "PAYSAGA_PROFILE": "production",
    "PAYSAGA_API_RETURN_URL_HOSTS": '["casino.example"]',
    "PAYSAGA_ROUTING_ACCOUNTS": '[{"psp": "stripe", "id": "eu"}]',
}

Case = tuple[tuple[str, ...], dict[str, str], str]
"""Who is given what, and what each says of it."""


def one(variable: str, value: str, why: str, *more: tuple[str, str]) -> tuple[dict[str, str], str]:
    return {variable: value, **dict(more)}, f"{variable}: {why}"


def account(**changed: str) -> str:
    fields = {"url": "https://api.stripe.com", "secret_key": SECRET, "webhook_secret": "whsec_x"}
    inside = ", ".join(f'"{name}": "{value}"' for name, value in (fields | changed).items())
    return f'{{"eu": {{{inside}}}}}'


def of_the_text_alone() -> Iterator[Case]:
    """Found out before anybody is asked for anything."""
    url, accounts = "PAYSAGA_POSTGRES_URL", "PAYSAGA_ROUTING_ACCOUNTS"
    yield ALL, {url: ""}, f"{url}: must be postgresql://"
    yield ALL, *one(url, f"nonsense {SECRET}", "must be postgresql://")
    yield (API,), *one(url, f"postgres://app:{SECRET}@db/paysaga", "must be postgresql://")
    yield (API,), *one(url, f"postgresql://app:{SECRET}#1@db/paysaga", "must be postgresql://")
    yield (API,), *one(url, f"postgresql://app:{SECRET}@db:xx/paysaga", "must be postgresql://")
    yield (API,), *one(url, f"{NOWHERE}?sslmode=sure", "its sslmode must be one of disable")
    yield (API,), *one(url, f"{NOWHERE}?sslrootcert=/no/ca", "the file of its sslrootcert cannot")
    yield WITH_SETTINGS, *one(accounts, f"[{{{SECRET}", "must be JSON")
    yield (WORKERS,), *one(accounts, '{"psp": "x"}', "Input should be a valid list")
    missing = f"{accounts}.0.id: Field required"
    yield (WORKERS,), {accounts: '[{"psp": "x"}]'}, missing
    yield (API,), *one("PAYSAGA_RISK_LIMITS", SECRET, "must be JSON")
    yield (API,), *one("PAYSAGA_OUTGOING_EVENTS_SECRETS", f'"{SECRET}', "must be JSON")
    yield (API,), *one("PAYSAGA_ROUTING", SECRET, "must be JSON")
    yield SERVING, *one("PAYSAGA_LOG_LEVEL", "loud", "Input should be 'DEBUG', 'INFO'")
    yield SERVING, *one("PAYSAGA_PROFILE", "staging", "Input should be 'sandbox' or 'production'")
    yield (API,), *one("PAYSAGA_API_PORT", "eighty", "Input should be a valid integer")
    yield (API,), *one("PAYSAGA_API_PORT", "65536", "Input should be less than or equal to 65535")
    yield (API,), *one("PAYSAGA_API_PROT", "8080", "Extra inputs are not permitted")
    yield (API,), *one("PAYSAGA_API_HOST", "no.such.host.invalid", "no.such.host.invalid is no")
    yield (WORKERS,), *one("PAYSAGA_POSTGRES_POOL_SIZE", SECRET, "Input should be a valid integer")
    yield (WORKERS,), *one("PAYSAGA_WORKER_DIES_AT", "noon", "")
    yield WITH_TEMPORAL, *one("PAYSAGA_TEMPORAL_ADDRESS", "temporal", "String should match")
    nobody = '[{"psp": "nobody", "id": "primary"}]'
    yield SERVING, {accounts: nobody}, f"{accounts} or …_PSPS: no plugin speaks to nobody; known"


def of_seals() -> Iterator[Case]:
    keys = "PAYSAGA_SEALS_KEYS"
    yield SERVING, {keys: "[]"}, f"{keys}: API and workers need the same list of keys"
    here = base64.b64encode(KEY).decode()
    for wrong in (base64.b64encode(b"short").decode(), SECRET, f"file:/nowhere/{SECRET}"):
        yield (WORKERS,), {keys: f'["{wrong}"]'}, "keys must each be the base64 of 32 bytes"
    yield (API,), {keys: f'["{here}", "{here}"]'}, "keys must differ"


def of_psps() -> Iterator[Case]:
    yield SERVING, STRIPE, f"{ACCOUNTS}: Field required"
    yield SERVING, STRIPE | {ACCOUNTS: SECRET}, f"{ACCOUNTS}: must be JSON"
    gone = account(secret_key="file:/no/such/file")
    yield (
        (WORKERS,),
        STRIPE | {ACCOUNTS: gone},
        f"{ACCOUNTS}.eu.secret_key: names a file that cannot",
    )
    rules = {"PAYSAGA_SCHEMES_RULES": "/no/such/rules"}
    yield (WORKERS,), STRIPE | {ACCOUNTS: account()} | rules, "PAYSAGA_SCHEMES_RULES (cannot be"


def of_production() -> Iterator[Case]:
    nothing = {"PAYSAGA_PROFILE": "production"}
    yield SERVING, nothing, "needs PAYSAGA_API_RETURN_URL_HOSTS and PAYSAGA_ROUTING_ACCOUNTS"
    near = {ACCOUNTS: account(url="http://127.0.0.1:1")}
    yield SERVING, PRODUCTION | near, f"{ACCOUNTS}.eu.url: must be https in production"
    sandbox = {"PAYSAGA_ROUTING_ACCOUNTS": '[{"psp": "sandbox", "id": "primary"}]'}
    yield SERVING, PRODUCTION | sandbox, "PAYSAGA_ROUTING_ACCOUNTS or …_PSPS: not in production"
    dies = {"PAYSAGA_WORKER_DIES_AT": "noon"}
    yield (WORKERS,), PRODUCTION | dies, "unset PAYSAGA_WORKER_DIES_AT"


def of_files(folder: Path) -> Iterator[Case]:
    certificate = "PAYSAGA_TEMPORAL_TLS_CLIENT_CERTIFICATE"
    key, ca = "PAYSAGA_TEMPORAL_TLS_CLIENT_KEY", "PAYSAGA_TEMPORAL_TLS_SERVER_CA"
    authority = Authority(folder)
    ours, others = authority.issue("ours"), authority.issue("others")
    junk = folder / "junk.pem"
    junk.write_text(SECRET)
    pair = ((certificate, str(ours.certificate)),)
    yield WITH_TEMPORAL, *one(ca, "/no/such/ca", "the file cannot be read: No such file")
    yield (WORKERS,), *one(ca, str(junk), "the file holds no PEM certificate")
    yield (WORKERS,), *one(key, str(folder), "the file cannot be read: Is a directory", *pair)
    yield (WORKERS,), *one(key, str(junk), "the file holds no PEM private key", *pair)
    yield (WORKERS,), dict(pair), f"{certificate} and {key} go together"
    swapped = dict(pair) | {key: str(others.key)}
    yield (WORKERS,), swapped, f"{certificate} and {key}: the key is of another certificate"


def of_servers(database: Database, temporal: str) -> Iterator[Case]:
    """What only the server knows to be wrong."""
    url, owner = "PAYSAGA_POSTGRES_URL", "PAYSAGA_POSTGRES_MIGRATION_URL"
    role, _, rest = database.url.removeprefix("postgresql://").partition(":")
    password, _, place = rest.partition("@")
    stranger = f"postgresql://nobody:{SECRET}@{place}"
    guess = f"postgresql://{role}:{SECRET}@{place}"
    elsewhere = f"postgresql://{role}:{password}@{place.partition('/')[0]}/no_such_database"
    reading = (API, WORKERS, AUDIT)
    yield reading, {url: stranger}, f'{url}: password authentication failed for user "nobody"'
    yield reading, {url: guess}, f"{url}: password authentication failed"
    yield reading, {url: elsewhere}, f'{url}: database "no_such_database" does not exist'
    yield reading, {url: f"{database.url}?sslmode=require"}, f"{url}: "
    for wrong, why in ((stranger, "password authentication"), (elsewhere, 'database "no_such')):
        yield (MIGRATIONS, CREDENTIALS), {url: wrong, owner: wrong}, f"{owner}: {why}"
    yield (ISSUING,), {url: database.url}, f"set {owner}"
    away = (MIGRATIONS, CREDENTIALS, AUDIT)
    yield away, {url: NOWHERE}, f"{url}: the database cannot be reached"
    there = {url: database.url, "PAYSAGA_TEMPORAL_ADDRESS": temporal}
    nameless = there | {"PAYSAGA_TEMPORAL_NAMESPACE": "no-such-namespace"}
    unknown = "PAYSAGA_TEMPORAL_NAMESPACE: Namespace no-such-namespace is not found"
    yield WITH_TEMPORAL, nameless, unknown
    silent = there | {"PAYSAGA_TEMPORAL_ADDRESS": "127.0.0.1:1"}
    yield (AUDIT, NAMESPACE), silent, "PAYSAGA_TEMPORAL_ADDRESS: "


@contextmanager
def taken_port() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield str(listening.getsockname()[1])


def of_ports(port: str) -> Iterator[Case]:
    yield (API,), {"PAYSAGA_API_PORT": port}, "PAYSAGA_API_HOST and PAYSAGA_API_PORT: 127.0.0.1:"
    named = "PAYSAGA_WORKER_HEALTH_HOST and PAYSAGA_WORKER_HEALTH_PORT: 127.0.0.1:"
    yield (WORKERS,), {"PAYSAGA_WORKER_HEALTH_PORT": port}, named


def objection(ending: Ending, sentence: str) -> str | None:
    """What is wrong with how it ended."""
    lines = [line for line in ending.wrote.splitlines() if not line.startswith('{"')]
    if ending.code not in (1, 2):
        return f"ended with {ending.code}"
    if "Traceback" in ending.wrote:
        return "a traceback"
    if SECRET in ending.wrote:
        return "quotes the value"
    if sentence not in ending.wrote:
        return f"does not say {sentence!r}"
    return None if len(lines) <= 2 else "more than a sentence"


async def test_every_wrong_setting_is_one_sentence_that_names_it(
    database: Database, temporal_server: LocalTemporal, tmp_path: Path
) -> None:
    free = {"PAYSAGA_PROFILE": "sandbox", "PAYSAGA_API_PORT": str(free_ports(1)[0])}
    base = free | {"PAYSAGA_POSTGRES_URL": NOWHERE, "PAYSAGA_SEALS_KEYS": SETTING}
    with taken_port() as port:
        cases = [
            *of_the_text_alone(),
            *of_seals(),
            *of_psps(),
            *of_production(),
            *of_files(tmp_path),
            *of_servers(database, temporal_server.address),
            *of_ports(port),
        ]
        runs = [
            (Run(words, base | settings), sentence)
            for programs, settings, sentence in cases
            for words in programs
        ]
        ended = await endings([run for run, _ in runs])
    wrong = [
        (run.words, sentence, why, ending.wrote[-600:])
        for (run, sentence), ending in zip(runs, ended, strict=True)
        if (why := objection(ending, sentence))
    ]
    assert len(runs) > 90
    assert not wrong, "\n".join(map(str, wrong))


@pytest.mark.parametrize("words", [*ALL, NAMESPACE])
async def test_a_process_of_its_own_says_the_same(words: str) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", *words.split()),
        env={"PATH": "/usr/bin:/bin", "PAYSAGA_TEMPORAL_ADDRESS": SECRET},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    wrote, _ = await process.communicate()
    assert process.returncode in (1, 2)
    assert "PAYSAGA_TEMPORAL_ADDRESS: String should match pattern" in wrote.decode()
    assert words == NAMESPACE or "PAYSAGA_POSTGRES_URL: Field required" in wrote.decode()
    assert "Traceback" not in wrote.decode()
    assert SECRET not in wrote.decode()
