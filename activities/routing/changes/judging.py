"""Whether a document may become active: judged against all that is active now."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Mapping
from typing import Any

from activities.routing.changes.change import ChangeRefused, Why
from activities.routing.snapshot import BUILTIN, Snapshot
from activities.routing.snapshots import Snapshots
from workflows.domain.routing.account_documents import read_account, write_account
from workflows.domain.routing.accounts import MerchantAccountProfile
from workflows.domain.routing.policy.writing import write_policy
from workflows.domain.routing.proofs.flaws import Flaw, PolicyRefused
from workflows.domain.routing.proofs.validation import accept, validate

_POLICY_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", re.ASCII)


async def judge_policy(policy_id: str, document: object, snapshot: Snapshot) -> dict[str, Any]:
    """The document in full, with its id and with a version that does not count yet.

    Raises PolicyRefused with every flaw.
    """
    if not _POLICY_ID.fullmatch(policy_id) or policy_id == BUILTIN:
        allowed = f"a name of letters, digits and _ . -, at most 64, and not {BUILTIN}"
        raise PolicyRefused((Flaw("/id", "wrong_type", allowed),))
    named = {**document, "id": policy_id, "version": 1} if isinstance(document, dict) else document
    # Judging hundreds of rules takes a while, and payments go on meanwhile.
    policy = await asyncio.to_thread(accept, named, snapshot.accounts)
    return write_policy(policy)


async def judge_account(
    document: object, snapshot: Snapshot, snapshots: Snapshots, psps: Collection[str]
) -> tuple[MerchantAccountProfile, dict[str, Any]]:
    """The account, and its document in full.

    Raises PolicyRefused for flaws of the document, ChangeRefused if an active policy would break.
    """
    profile = read_account(document)
    if profile.psp not in psps:
        connected = ", ".join(sorted(psps)) or "none"
        sentence = f"a PSP that is connected ({connected}); others: PAYSAGA_ROUTING_PSPS"
        raise PolicyRefused((Flaw("/psp", "unknown_psp", sentence),))
    after = snapshot.with_account(snapshots.serving(profile))
    for policy_id, flaws in (await asyncio.to_thread(_broken, snapshot, after)).items():
        raise ChangeRefused(Why.BREAKS_A_POLICY, policy=policy_id, flaws=flaws)
    return profile, write_account(profile)


def _broken(before: Snapshot, after: Snapshot) -> Mapping[str, tuple[Flaw, ...]]:
    """The flaws that active policies do not have yet, by policy."""
    found = {}
    for policy in before.policies.values():
        flaws = validate(policy, after.accounts)
        known = set(validate(policy, before.accounts)) if flaws else set()
        if new := tuple(flaw for flaw in flaws if flaw not in known):
            found[policy.id] = new
    return found
