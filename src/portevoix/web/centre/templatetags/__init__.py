"""Tags of the settings pages."""
