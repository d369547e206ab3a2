"""Who works here: the account, signing in and out, one's own preferences."""
