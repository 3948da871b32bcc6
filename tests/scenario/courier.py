"""A courier without a network: keeps what it delivers, and fails when it is told to."""

import asyncio
import hashlib
import hmac

import msgspec

from telegraphone.services.ports import Unavailable
from telegraphone.services.webhooks import Message, Webhook


class SimulatedCourier:
    """A `Courier`. `fails`: what every receiver answers instead of taking the message; `lost_answers`: how many messages are
    taken without anybody hearing of it; `silent`: the names of receivers that never answer."""

    def __init__(self) -> None:
        self.delivered: list[tuple[str, Message]] = []
        self.fails = ""
        self.lost_answers = 0
        self.silent: set[str] = set()
        self.tries = 0

    async def deliver(self, webhook: Webhook, message: Message) -> None:
        self.tries += 1
        if webhook.name in self.silent:
            await asyncio.Event().wait()
        if self.fails:
            raise Unavailable("webhook", self.fails)
        self.delivered.append((webhook.name, message))
        if self.lost_answers:
            self.lost_answers -= 1
            raise Unavailable("webhook", "no answer in time")

    def sign(self, secret: bytes, text: bytes) -> bytes:
        return hmac.new(secret, text, hashlib.sha256).digest()

    def numbers(self, name: str) -> list[int]:
        """The numbers that this webhook was told, in order."""
        return [msgspec.json.decode(message.body)["data"]["number"] for to, message in self.delivered if to == name]

    def kinds(self, name: str) -> list[str]:
        return [msgspec.json.decode(message.body)["type"] for to, message in self.delivered if to == name]
