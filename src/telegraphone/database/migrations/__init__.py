"""How the tables came to be what they are, step by step; each step is never changed once released."""
