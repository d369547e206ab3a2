"""One file per page of the settings."""
