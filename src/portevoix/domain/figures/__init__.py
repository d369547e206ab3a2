"""Figures: what was done, counted and compared. Pure rules; the rows come from `store`."""
