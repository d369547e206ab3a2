"""Open connections to browsers: server-sent events. No SQL, no templates."""
