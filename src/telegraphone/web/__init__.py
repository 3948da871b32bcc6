"""The HTTP face: the agent's API, its notifications and what an operator asks; it decides nothing about calls."""
