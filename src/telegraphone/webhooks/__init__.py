"""Carries what happens to recordings to other systems by HTTP."""
