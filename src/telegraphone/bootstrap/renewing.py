"""What SIGHUP does: the certificate and the users are read again, and nothing else stops or starts."""

import asyncio
import signal
from collections.abc import Callable

import structlog

from telegraphone.config import Config, ConfigError
from telegraphone.web.app import WebApp
from telegraphone.web.serving import HttpServer

log = structlog.get_logger()

Reread = Callable[[Config], Config]
"""Reads the configuration again, given the one in use; raises `ConfigError`."""


class Renewal:
    """Renews a node each time it is told to, one time after the other."""

    def __init__(self, config: Config, reread: Reread, app: WebApp, server: HttpServer) -> None:
        self._config = config
        self._reread = reread
        self._app = app
        self._server = server
        self._asked = asyncio.Event()

    async def run(self) -> None:
        """Renews at every SIGHUP until cancelled."""
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, self._asked.set)
        while await self._asked.wait():
            self._asked.clear()
            self._server.renew_certificate()
            await self._renew_users()

    async def _renew_users(self) -> None:
        """A file that is not quite right changes nobody's rights."""
        try:
            config = await asyncio.to_thread(self._reread, self._config)
        except ConfigError as error:
            log.error("configuration_not_read_again", complaints=list(error.complaints))
            return
        self._config = config
        await self._app.become(config.users(), config.password_hashes())
