"""The desk: where an adviser's day happens. Work on the left, the conversation, the person on the right."""
