"""The pages: Django, rendered on the server."""
