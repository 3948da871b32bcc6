"""Who plays in the demonstration: two phones of our own, and witnesses of every frame they say."""

import time
from contextlib import AsyncExitStack
from typing import Self

from telegraphone.demo.proof import Witness
from telegraphone.demo.stage import AGENT_DN, CALLER_DN, HOST, Stage
from telegraphone.media.g711 import mu_to_linear
from telegraphone.phone import Phone, PhoneOptions, speech

_CALLER_PITCH_HZ, _AGENT_PITCH_HZ = 118.0, 196.0
_ANSWERS_AFTER_S = 1.0


class Cast:
    """The caller and the agent's phone, which answers by itself. Enter it to register both."""

    def __init__(self, stage: Stage) -> None:
        self._caller_witness = Witness(speech(_CALLER_PITCH_HZ), mu_to_linear, time.monotonic)
        self._agent_witness = Witness(speech(_AGENT_PITCH_HZ), mu_to_linear, time.monotonic)
        self.caller = _phone(stage, CALLER_DN, self._caller_witness, None)
        self._agent = _phone(stage, AGENT_DN, self._agent_witness, _ANSWERS_AFTER_S)
        self.caller_said, self.agent_said = self._caller_witness.spoken, self._agent_witness.spoken
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        for phone in (self.caller, self._agent):
            self._stack.push_async_callback(phone.close)
            await phone.register()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()


def _phone(stage: Stage, number: str, voice: Witness, answers_after_s: float | None) -> Phone:
    return Phone(
        number,
        number,
        stage.secrets.phones[number],
        (HOST, stage.sip_port),
        HOST,
        voice=voice,
        options=PhoneOptions(answers_after_s=answers_after_s),
    )
