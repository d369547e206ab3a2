"""The twin: the centre on a virtual clock. The very router of the live centre (``domain/routing``) decides in it."""
