"""The demo from start to end: a stack of its own, the stories, the proof, and nothing left."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import httpx
from rich.console import Console

from infra.local.demo.books import Books
from infra.local.demo.cashier import Cashier
from infra.local.demo.cast import cast_of
from infra.local.demo.expecting import Deviation, NotWith
from infra.local.demo.sandbox import SandboxPsp
from infra.local.demo.screen import Outcome, Screen
from infra.local.demo.stories import STORIES, Story
from infra.local.stack.addresses import Stack
from infra.local.stack.chosen_psp import SANDBOX
from infra.local.stack.keys import issue
from infra.local.stack.stack import local_stack


@dataclass(frozen=True)
class Scene:
    """A running stack, and the people who act on it."""

    cashier: Cashier
    psp: SandboxPsp
    books: Books
    ui_url: str


@asynccontextmanager
async def scene(stack: Stack) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as opened:
        api, http = [
            await opened.enter_async_context(
                httpx.AsyncClient(base_url=url, trust_env=False, timeout=30.0)
            )
            for url in (stack.api_url, stack.psp_url)
        ]
        auditor = await asyncpg.connect(stack.postgres.database().auditor_url, ssl=False)
        opened.push_async_callback(auditor.close)
        tokens = {
            "platform": stack.tokens.platform,
            "operator": stack.tokens.operator,
            "approver": stack.tokens.approver,
            # Who may both ask and approve: just not the same payout.
            "supervisor": await issue("supervisor", ("platform", "approver"), stack.as_owner),
        }
        psp, name = SandboxPsp(http), stack.psp.name
        cashier = Cashier(api, tokens, psp, cast_of(name))
        yield Scene(cashier, psp, Books(auditor, psp, name), stack.temporal.ui_url or "")


async def demo(console: Console, *, psp: str, keep: bool) -> int:
    """The exit code: 0 when every story was told and the books hold. Raises LocalError."""
    _forget_settings()
    folder = Path(tempfile.mkdtemp(prefix="paysaga-demo-"))
    screen, failed = Screen(console), False
    try:
        async with local_stack(folder, psp=psp, say=screen.say) as stack, scene(stack) as at:
            failed = not await tell(STORIES, at, screen)
            await _stay(stack, console) if keep else screen.farewell("" if psp == SANDBOX else psp)
    finally:
        if failed:
            console.print(f"The logs are kept: {folder / 'log'}", soft_wrap=True)
        else:
            shutil.rmtree(folder)
    return int(failed)


def _forget_settings() -> None:
    """The stories are true under our own settings, whatever the shell has for another stack."""
    for name in [name for name in os.environ if name.startswith("PAYSAGA_")]:
        del os.environ[name]


async def tell(stories: Sequence[Story], at: Scene, screen: Screen) -> bool:
    """Play them one after the other, show them, prove the books; whether all came as told."""
    at.cashier.watch = screen.watch
    outcomes = []
    with screen.playing(stories):
        for story in stories:
            screen.begin(story)
            outcomes.append(await _play(story, at.cashier))
            screen.end(outcomes[-1])
    proofs = await at.books.prove()
    screen.table(at.ui_url)
    screen.proofs(proofs)
    return all(proof.holds for proof in proofs) and not any(each.deviation for each in outcomes)


async def _stay(stack: Stack, console: Console) -> None:
    console.print(f"Addresses and tokens: {stack.folder / 'local.env'}", soft_wrap=True)
    console.print(f"The Web UI stays until Ctrl-C: {stack.temporal.ui_url}", soft_wrap=True)
    with suppress(asyncio.CancelledError):
        await asyncio.Event().wait()


async def _play(story: Story, cashier: Cashier) -> Outcome:
    try:
        return Outcome(story, await story.play(cashier))
    except NotWith as reason:
        return Outcome(story, None, absent=f"not with {cashier.cast.psp}: {reason}")
    except Deviation as wrong:
        return Outcome(story, None, str(wrong))
    except (httpx.HTTPError, LookupError, ValueError) as wrong:
        return Outcome(story, None, f"{type(wrong).__name__}: {wrong}")
