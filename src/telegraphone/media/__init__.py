"""The data plane: RTP payload in, sealed bytes out, and back; pure functions and engines without input or output."""
