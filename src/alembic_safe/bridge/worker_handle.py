"""The supervisor's hold on one worker: give it a job, take its messages and its output, stop or end it."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import socket
import time
from collections import deque
from collections.abc import Callable, Iterator

from alembic_safe.bridge.channel import Channel, ChannelClosedError
from alembic_safe.bridge.messages import (
    Again,
    Failed,
    Finished,
    Job,
    Message,
    Proceed,
    ReviewBegun,
    Stop,
    TargetFound,
)
from alembic_safe.bridge.worker.masking import mask_secrets
from alembic_safe.errors import WorkerError
from alembic_safe.model.events import EventSink, WorkerOutput
from alembic_safe.quick import dataclass

_TICK = 0.1
_END_SECONDS = 3.0
_DRAIN_EVERY = 0.05
_KEPT_LINES = 40
_LONGEST_LINE = 1 << 16


@dataclass(frozen=True, slots=True)
class Ends:
    """Both ends of a worker's channel, life pipe, stdout, stderr; `theirs` in the order in which it takes them."""

    channel: socket.socket
    life: int
    output: int
    errors: int
    theirs: tuple[int, int, int, int]

    @staticmethod
    def make() -> Ends:
        ours, theirs = socket.socketpair()
        life_read, life_write = os.pipe()
        output_read, output_write = os.pipe()
        errors_read, errors_write = os.pipe()
        return Ends(
            ours,
            life_write,
            output_read,
            errors_read,
            (theirs.detach(), life_read, output_write, errors_write),
        )

    def close_theirs(self) -> None:
        for number in self.theirs:
            os.close(number)

    def close_ours(self) -> None:
        self.channel.close()
        for number in (self.life, self.output, self.errors):
            os.close(number)


class Worker:
    """One worker process. `messages` drives everything; the other methods may be called between messages."""

    def __init__(
        self,
        pid: int,
        ends: Ends,
        exit_status: Callable[[int, float], int | None],
        sink: EventSink,
        *,
        start_timeout: float,
    ) -> None:
        self.pid = pid
        self._ends = ends
        self._channel = Channel(ends.channel)
        self._exit_status = exit_status
        self._sink = sink
        self._secrets: tuple[str, ...] = ()
        self._start_timeout = start_timeout
        self._lines: deque[str] = deque(maxlen=_KEPT_LINES)
        self._partial = {ends.output: b"", ends.errors: b""}
        self._closed = False
        self._killed = False

    def give(self, job: Job) -> None:
        """The job; once. Raises `WorkerError` when the process is gone already."""
        self._secrets = job.secrets
        try:
            self._channel.send(job)
        except ChannelClosedError:
            raise self._died() from None

    def proceed(self) -> None:
        """The word to go on. A worker that is gone shows in `messages`."""
        with contextlib.suppress(ChannelClosedError):
            self._channel.send(Proceed())

    def again(self, sql: str) -> None:
        """The word to run a statement that got stuck again, or `sql` in its place."""
        with contextlib.suppress(ChannelClosedError):
            self._channel.send(Again(sql))

    def stop(self, reason: str) -> None:
        """The word to undo what is open and end."""
        with contextlib.suppress(ChannelClosedError):
            self._channel.send(Stop(reason))

    def interrupt(self) -> None:
        """Raise KeyboardInterrupt in the project's code."""
        self._signal(signal.SIGINT)

    def kill(self) -> None:
        """End the process and what it started in its session, at once."""
        if self._closed:
            return
        self._killed = True
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._signal(signal.SIGKILL)

    def _signal(self, number: int) -> None:
        if not self._closed:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def messages(self, tick: Callable[[], None] = lambda: None) -> Iterator[Message]:
        """Messages up to and including Finished or Failed. `tick` is called at least every 0.1 s.

        Raises `WorkerError` when the process ends without a last word, or does not come to a target in time.
        """
        deadline: float | None = time.monotonic() + self._start_timeout
        with selectors.DefaultSelector() as selector:
            for number in (self._ends.output, self._ends.errors):
                selector.register(number, selectors.EVENT_READ)
            selector.register(self._channel, selectors.EVENT_READ)
            while True:
                tick()
                closed = False
                for key, _ in selector.select(_TICK):
                    if key.fileobj is self._channel:
                        closed = not self._fill()
                    elif not self._read_output(int(key.fd)):
                        selector.unregister(key.fd)
                for message in self._channel.pending():
                    if isinstance(message, TargetFound | ReviewBegun):
                        deadline = None
                    if isinstance(message, Finished | Failed):
                        self.close()
                        yield message
                        return
                    yield message
                if closed:
                    self.close()
                    raise self._died()
                if deadline is not None and time.monotonic() > deadline:
                    raise self._hung()

    def _fill(self) -> bool:
        try:
            self._channel.fill()
        except ChannelClosedError:
            return False
        return True

    def _read_output(self, number: int) -> bool:
        """Pass on whole lines, and a line of more than 64 KiB in parts; False at the end of the stream."""
        data = os.read(number, _LONGEST_LINE)
        *lines, rest = (self._partial[number] + data).split(b"\n")
        if rest and (not data or len(rest) >= _LONGEST_LINE):
            lines.append(rest)
            rest = b""
        self._partial[number] = rest
        stream = "stdout" if number == self._ends.output else "stderr"
        for line in lines:
            text = mask_secrets(line.decode("utf-8", "replace").rstrip("\r"), self._secrets)
            self._lines.append(text)
            self._sink(WorkerOutput(stream, text))
        return bool(data)

    def close(self) -> None:
        """See the process end, by force if it lingers, and pass on its last output. Never raises."""
        if self._closed:
            return
        for number in self._partial:
            os.set_blocking(number, False)
        status = None if self._killed else self._await_end()
        if status is None:
            self.kill()
            status = self._await_end()
        self.status = status
        self._closed = True
        self._drain()
        for number in self._partial:
            os.close(number)
        os.close(self._ends.life)
        self._channel.close()

    def _await_end(self) -> int | None:
        """The exit status within `_END_SECONDS`; its output is read meanwhile, since a full pipe would keep it."""
        deadline = time.monotonic() + _END_SECONDS
        status = None
        while status is None and time.monotonic() < deadline:
            self._drain()
            status = self._exit_status(self.pid, _DRAIN_EVERY)
        return status

    def _drain(self) -> None:
        """Read what is there and wait for nothing: a process that left the group may hold the pipe, and write."""
        deadline = time.monotonic() + _END_SECONDS
        for number in self._partial:
            with contextlib.suppress(BlockingIOError):
                while self._read_output(number) and time.monotonic() < deadline:
                    pass

    def _died(self) -> WorkerError:
        self.close()
        status = self.status
        if status is not None and status < 0:
            how = f"was ended by {signal.Signals(-status).name}"
        elif status is None:
            how = "ended"
        else:
            how = f"left with status {status} without a word (os._exit?)"
        return WorkerError(
            f"the process that executed env.py {how}",
            hint="Was it killed (out of memory, an operator)? `alembic-safe status` says what is true now.",
            detail="\n".join(list(self._lines)[-10:]) or None,
        )

    def _hung(self) -> WorkerError:
        """Ask the process where it is, then end it."""
        self._lines.clear()
        self._signal(signal.SIGUSR1)
        time.sleep(0.3)
        self.kill()
        self.close()
        where = list(self._lines)
        return WorkerError(
            f"env.py configured no target within {self._start_timeout:g} s, and its process was ended",
            hint="The lines above say where it was. If it only needs longer, raise `--start-timeout`.",
            detail="\n".join(where[-15:]) or None,
        )
