"""The load: first closed, to find the capacity; then open, at a fixed rate, whatever the answers do."""

import asyncio
import random
from time import monotonic

from .figures import Refused, Sample
from .mix import Ask, Mix, is_busy
from .wire import Answer, Lost, Wire

PATIENCE_SECONDS = 90.0
"""How long an operation is sent again before it counts as never answered."""
PAUSE_SECONDS = 0.25
"""Before it is sent again for the first time."""
LONGEST_PAUSE_SECONDS = 4.0
"""A pause is twice as long each time up to this, never shorter than Retry-After, and by chance up to a half longer: so do good clients."""


class Load:
    """Operations under way, and what became of them."""

    def __init__(self, wire: Wire, mix: Mix) -> None:
        self.samples: list[Sample] = []
        self.refusals: list[Refused] = []
        self.wrong: list[str] = []
        self._wire = wire
        self._mix = mix
        self._under_way: set[asyncio.Task[bool]] = set()

    async def closed(self, *, clients: int, seconds: float) -> int:
        """Let clients send one operation after the other; give how many have their answer."""
        end = monotonic() + seconds
        before = len(self.samples)

        async def client() -> None:
            while (now := monotonic()) < end:
                await self.perform(self._mix.next(), due=now)

        await asyncio.gather(*(client() for _ in range(clients)))
        return len(self.samples) - before

    async def open(self, *, per_second: float, seconds: float) -> None:
        """Begin an operation whenever one is due, in even steps; return when the last has its answer."""
        begin = monotonic()
        for number in range(int(per_second * seconds)):
            due = begin + number / per_second
            if (early := due - monotonic()) > 0:
                await asyncio.sleep(early)
            task = asyncio.create_task(self.perform(self._mix.next(), due=due))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        while self._under_way:
            await asyncio.wait(self._under_way)

    async def perform(self, ask: Ask, *, due: float) -> bool:
        """Send an operation until it has an answer, under the same idempotency key; say whether that is right, and note it."""
        attempts = 0
        while isinstance(answer := await self._send(ask), float):
            pause = max(answer, min(PAUSE_SECONDS * 2**attempts, LONGEST_PAUSE_SECONDS)) * random.uniform(1, 1.5)
            attempts += 1
            if monotonic() - due > PATIENCE_SECONDS:
                self.wrong.append(f"{ask.line}: not answered for {PATIENCE_SECONDS:.0f} s")
                return False
            await asyncio.sleep(pause)
        done = monotonic()
        if fault := ask.fault(answer):
            self.wrong.append(f"{ask.line}: {fault}")
            return False
        ask.done(answer.json())
        self.samples.append(Sample(kind=ask.kind, due=due, done=done))
        return True

    async def _send(self, ask: Ask) -> Answer | float:
        """Give the answer, or after how many seconds it may be sent again, and note why."""
        sent, pause = monotonic(), 0.0
        try:
            answer = await self._wire.send(ask.request)
        except Lost as lost:
            how = str(lost)
        else:
            if not is_busy(answer):
                return answer
            how = f"HTTP {answer.status} {answer.body[:300]!r}"
            pause = answer.retry_after_seconds or pause
        self.refusals.append(Refused(line=ask.line, how=how, sent=sent, at=monotonic()))
        return pause
