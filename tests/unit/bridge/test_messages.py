"""What is said between supervisor and worker arrives as it was sent, whatever it is and however it is cut."""

from __future__ import annotations

import socket
import threading
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alembic_safe.bridge.channel import Channel, ChannelClosedError
from alembic_safe.bridge.messages import Failed, Finished, Message, Proceed, decode, encode
from alembic_safe.model.targets import ConnectParameters

st.register_type_strategy(
    ConnectParameters,
    st.builds(ConnectParameters, keywords=st.dictionaries(st.text(), st.text())),
)
# not a number is unequal to itself, and no duration is one
st.register_type_strategy(float, st.floats(allow_nan=False))
_MESSAGES = st.one_of([st.from_type(kind) for kind in get_args(Message)])


@given(_MESSAGES)
def test_every_message_survives_the_way(message):
    assert decode(encode(message)) == message


@pytest.mark.parametrize("data", [b"[]", b'["Unheard", []]', b"{", b'["Failed", ["too", "few"]]'])
def test_anything_else_is_refused(data):
    with pytest.raises((ValueError, TypeError)):
        decode(data)


def test_messages_arrive_whole_however_they_are_cut():
    ours, theirs = (Channel(end) for end in socket.socketpair())
    sent: list[Message] = [
        Failed("ProjectError", "x" * 300_000, "é\udcff"[:1]),
        Proceed(),
        Finished(("a", "b")),
    ]

    def send() -> None:
        for message in sent:
            theirs.send(message)

    sender = threading.Thread(target=send)
    sender.start()
    assert [ours.receive() for _ in sent] == sent
    sender.join()
    theirs.close()
    with pytest.raises(ChannelClosedError):
        ours.receive()
    ours.close()
