"""Taking in a configuration file: read it with its lines, try it out, apply it whole, take it back."""
