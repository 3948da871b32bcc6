"""Runs one recorder worker: started by the supervisor with one end of the control link, never by a person.

    python -m telegraphone.capture <descriptor> <module>:<function> [argument …]

The function makes the worker's `Ports` from the arguments; so the composition stays where everything else is composed,
and this package knows neither key stores nor configuration.
"""

import importlib
import os
import signal
import socket
import sys
import threading

from telegraphone.capture.sockets import raise_file_limit
from telegraphone.capture.worker import Worker


def _give_way(failure: threading.ExceptHookArgs) -> None:
    """A worker that lost one of its threads to a defect would go on receiving and write nothing: it ends, another takes over."""
    try:
        threading.__excepthook__(failure)
    finally:
        # Without memory even saying why can fail.
        os._exit(os.EX_SOFTWARE)


def main(arguments: list[str]) -> None:
    """Runs until the other end of the link is closed."""
    threading.excepthook = _give_way
    # Ctrl-C reaches the whole group; the program decides when its recorder may go.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The same for what tells a whole node to drain.
    signal.signal(signal.SIGUSR1, signal.SIG_IGN)
    signal.signal(signal.SIGUSR2, signal.SIG_IGN)
    raise_file_limit()
    descriptor, maker, *rest = arguments
    module, _, function = maker.partition(":")
    ports = getattr(importlib.import_module(module), function)(*rest)
    Worker(socket.socket(fileno=int(descriptor)), ports).run()


if __name__ == "__main__":
    main(sys.argv[1:])
