"""A framed, two-way channel over a stream socket: four bytes of length, then one encoded message."""

from __future__ import annotations

import socket
import struct
from typing import Any

from alembic_safe.bridge.messages import Message, decode, encode

_HEADER = struct.Struct("!I")


class ChannelClosedError(Exception):
    """The other side is gone."""


class Channel:
    """One end. Used by one thread at a time."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._buffer = bytearray()

    def fileno(self) -> int:
        return self._socket.fileno()

    def send(self, *messages: Any) -> None:
        """Send messages whole, in one go: of the bridge, or registered ones. Raises `ChannelClosedError`."""
        encoded = [encode(message) for message in messages]
        try:
            self._socket.sendall(b"".join(_HEADER.pack(len(data)) + data for data in encoded))
        except OSError as error:
            raise ChannelClosedError from error

    def receive(self) -> Message:
        """The next message, waiting for it. Raises `ChannelClosedError`."""
        while (message := self._take()) is None:
            self.fill()
        return message

    def fill(self) -> None:
        """Read once what is there, waiting if nothing is. Raises `ChannelClosedError`."""
        try:
            data = self._socket.recv(1 << 16)
        except OSError as error:
            raise ChannelClosedError from error
        if not data:
            raise ChannelClosedError
        self._buffer += data

    def pending(self) -> list[Message]:
        """Messages that have arrived whole."""
        messages = []
        while (message := self._take()) is not None:
            messages.append(message)
        return messages

    def close(self) -> None:
        self._socket.close()

    def _take(self) -> Message | None:
        if len(self._buffer) < _HEADER.size:
            return None
        (size,) = _HEADER.unpack_from(self._buffer)
        end = _HEADER.size + size
        if len(self._buffer) < end:
            return None
        data = bytes(self._buffer[_HEADER.size : end])
        del self._buffer[:end]
        return decode(data)
