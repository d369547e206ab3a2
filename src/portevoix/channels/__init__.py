"""One folder a channel: each can be deleted without touching the others."""
