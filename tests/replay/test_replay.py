"""A deploy that would break a running payment cannot land: recorded payments are replayed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from pydantic import TypeAdapter
from temporalio.worker import Replayer
from temporalio.workflow import NondeterminismError

from infra.temporal import CONVERTER
from tests.replay.altered import WithAnotherStep, WithoutItsCapture
from tests.replay.histories import FOLDER, path_of, read
from tests.replay.stories import STORIES
from workers.assembly import WORKFLOWS, workflow_runner

LARGEST_BYTES = 100_000


def replayer(*workflows: type) -> Replayer:
    return Replayer(
        workflows=workflows,
        workflow_runner=workflow_runner(sandboxed=True),
        data_converter=CONVERTER,
    )


@pytest.mark.parametrize("story", STORIES)
async def test_a_payment_recorded_before_a_deploy_goes_on_after_it(story: str) -> None:
    await replayer(*WORKFLOWS).replay_workflow(read(story))


async def test_a_second_run_builds_no_schema_of_its_messages_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    history = read("deposit_plain")
    await replayer(*WORKFLOWS).replay_workflow(history)
    built: list[object] = []
    build = TypeAdapter._init_core_attrs

    def counted(adapter: TypeAdapter[Any], *arguments: Any, **options: Any) -> bool:
        built.append(adapter)
        return build(adapter, *arguments, **options)

    monkeypatch.setattr(TypeAdapter, "_init_core_attrs", counted)
    TypeAdapter(int)
    assert len(built) == 1, "whoever builds one is not counted any more"
    await replayer(*WORKFLOWS).replay_workflow(history)
    assert len(built) == 1


@pytest.mark.parametrize("changed", [WithAnotherStep, WithoutItsCapture])
async def test_a_changed_process_is_caught(changed: type) -> None:
    with pytest.raises(NondeterminismError):
        await replayer(changed).replay_workflow(read("deposit_plain"))


def test_every_story_is_recorded_and_nothing_else() -> None:
    assert {path.stem for path in FOLDER.iterdir()} == set(STORIES)


@pytest.mark.parametrize("story", STORIES)
def test_a_recording_is_small_and_tells_of_no_machine_or_card(story: str) -> None:
    text = path_of(story).read_text()
    assert len(text) < LARGEST_BYTES
    assert not re.search(r"\d+@|\b\d{13,19}\b(?!\")|[A-Z]{2}\d{2}[A-Z0-9]{11,30}|secret", text)
