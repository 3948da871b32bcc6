"""Other people's protocols as data: bytes in, facts out; no socket, no clock and no chance."""
