"""Commands of the settings, run as ``portevoix manage``."""
