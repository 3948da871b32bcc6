"""Who is told what happens to recordings, made from the configuration."""

from telegraphone.config import Config, WebhookEntry, secret_bytes
from telegraphone.config.tables import revealed
from telegraphone.endpoints.clock import SystemClock
from telegraphone.services.happenings import Kind, Outbox
from telegraphone.services.webhooks import Webhook, Webhooks
from telegraphone.webhooks.courier import HttpCourier


def make_webhooks(config: Config, outbox: Outbox, clock: SystemClock) -> Webhooks:
    """The node's webhooks; `run` tells them."""
    return Webhooks(outbox, HttpCourier(), clock, tuple(_webhook(entry) for entry in config.webhooks))


def _webhook(entry: WebhookEntry) -> Webhook:
    secret = secret_bytes(revealed(entry.secret))
    assert secret is not None, "reading the configuration has made sure"
    kinds = frozenset(Kind(each) for each in entry.events) or frozenset(Kind)
    return Webhook(entry.name, entry.tenant, entry.url, secret, kinds, entry.allow_private)
