"""The worker's way to its supervisor: send a message, or send one and wait for the word to go on."""

from __future__ import annotations

import os
import select
import socket
import threading
import time

from alembic_safe.bridge.channel import Channel, ChannelClosedError
from alembic_safe.bridge.messages import Message, Proceed, StatementBegun, StatementEnded, Stop
from alembic_safe.bridge.worker.process import ORPHANED

_LATER_SECONDS = 0.1


class StoppedError(BaseException):
    """The supervisor said stop. A BaseException, so that a revision's `except Exception` does not eat it."""


class Link:
    """Wraps the channel; a vanished supervisor ends the process on the spot."""

    def __init__(self, number: int) -> None:
        self._channel = Channel(socket.socket(fileno=number))
        self._lock = threading.Lock()
        # a revision's own threads may ask too, and each answer must be read whole
        self._asking = threading.Lock()
        self._later: list[Message] = []
        self.stopped: str | None = None

    def receive(self) -> Message:
        """The next message from the supervisor."""
        try:
            return self._channel.receive()
        except ChannelClosedError:
            os._exit(ORPHANED)

    def tell(self, message: Message) -> None:
        """Send without waiting, after what was to be sent later."""
        with self._lock:
            self._send(message)

    def begin_statement(self, message: StatementBegun) -> None:
        """Send within 0.1 s, unless the statement has ended by then: hundreds of short ones wake nobody."""
        with self._lock:
            self._later.append(message)

    def end_statement(self, message: StatementEnded) -> None:
        """Send with the next message, or within 0.1 s."""
        with self._lock:
            if self._later and isinstance(self._later[-1], StatementBegun):
                self._later.pop()
            self._later.append(message)

    def tell_later(self, message: Message) -> None:
        """Send with the next message, or within 0.1 s."""
        with self._lock:
            self._later.append(message)

    def keep_sending(self) -> None:
        """Begin to send what waits, every 0.1 s, for the life of the process."""
        threading.Thread(target=self._send_waiting, name="alembic-safe-link", daemon=True).start()

    def _send_waiting(self) -> None:
        while True:
            time.sleep(_LATER_SECONDS)
            with self._lock:
                if self._later:
                    self._send()

    def _send(self, *messages: Message) -> None:
        waiting, self._later = self._later, []
        try:
            self._channel.send(*waiting, *messages)
        except ChannelClosedError:
            os._exit(ORPHANED)

    def ask(self, message: Message) -> None:
        """Send and wait. Raises `StoppedError` when the answer is Stop, now and ever after."""
        with self._asking:
            self.tell(message)
            if self.stopped is None:
                self._take(self.receive())
        self._raise_if_stopped()

    def ask_for(self, message: Message) -> Message:
        """Send and wait for whatever is answered; a Stop is remembered, and raised by what asks next."""
        self.tell(message)
        answer = self.receive()
        if isinstance(answer, Stop):
            self.stopped = answer.reason
        return answer

    def tell_or_stop(self, message: Message) -> None:
        """Send without waiting for a word. Raises `StoppedError` when a Stop has arrived by now."""
        self.tell(message)
        while self.stopped is None and select.select([self._channel], [], [], 0)[0]:
            self._take(self.receive())
        self._raise_if_stopped()

    def _take(self, answer: Message) -> None:
        if isinstance(answer, Stop):
            self.stopped = answer.reason
        elif not isinstance(answer, Proceed):
            raise TypeError(f"unexpected answer {type(answer).__name__}")

    def _raise_if_stopped(self) -> None:
        if self.stopped is not None:
            raise StoppedError(self.stopped)
