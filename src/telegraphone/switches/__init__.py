"""Ways to carry calls: each adapter turns one kind of telephone exchange into the same few primitives and facts."""
