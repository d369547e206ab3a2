"""A line of service: its opening hours, French public holidays, targets and acknowledgements of receipt."""
