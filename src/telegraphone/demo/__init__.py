"""The demonstration: a whole small contact centre on one machine, driven as a desktop would drive it, that proves itself."""
