"""Patience: how often, and for how long, something that was refused or cut off is tried again."""

from __future__ import annotations

import asyncio
import math
import random
import time
from dataclasses import dataclass

LONGEST_PAUSE_S = 1.0


@dataclass(frozen=True)
class Patience:
    """At most so many ``attempts``, and none once ``seconds`` have passed since the first setback."""

    attempts: int = 60
    seconds: float = 20.0


class Tries:
    """The tries of one piece of work. ``made`` counts those that have begun, the present one included."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._deadline = math.inf
        self.made = 1

    async def again(self) -> bool:
        """After a setback: pause a little, longer each time, and say whether to try again."""
        self._deadline = min(self._deadline, time.monotonic() + self._patience.seconds)
        pause = random.uniform(0, min(0.002 * 2**self.made, LONGEST_PAUSE_S))  # noqa: S311 - jitter, not a secret
        if self.made >= self._patience.attempts or time.monotonic() + pause > self._deadline:
            return False
        await asyncio.sleep(pause)
        self.made += 1
        return True
