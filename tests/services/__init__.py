"""Real servers that single tests start: Dovecot, Postfix, our own processes."""
