"""How long somebody will wait: estimates, and what may be announced of them."""
