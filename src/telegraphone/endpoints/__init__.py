"""Sockets and clocks under the sans-IO engines, shared by the faces that drive them."""
