"""Advisers: whether they are here, and how much they can hold at once."""
