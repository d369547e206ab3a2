"""A contact: one piece of work for the centre. Its life (``machine``) and what is told of it (``events``)."""
