"""Who looks again and again looks seldom while there is nothing to find."""

from __future__ import annotations

from infra.pauses import Pause


def test_ten_looks_in_vain_take_longer_than_six_of_the_longest_pauses() -> None:
    pause = Pause(0.1, 1.0)
    taken = [pause.after(found=False) for _ in range(10)]
    assert taken[0] == 0.1
    assert max(taken) == 1.0
    assert sum(taken) > 6.0


def test_what_is_found_makes_the_next_look_soon() -> None:
    pause = Pause(0.1, 1.0)
    for _ in range(10):
        pause.after(found=False)
    assert pause.after(found=True) == 0.1
    assert pause.after(found=False) == 0.1
