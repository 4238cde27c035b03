"""The README's pictures, taken from a demo county by `make pictures`."""
