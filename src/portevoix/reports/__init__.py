"""Figures and exports: read, counted, compared. Writes nothing."""
