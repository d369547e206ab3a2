"""PostgreSQL and NATS from Python wheels: a centre without any server to install first.

Used by `portevoix up`, by the tests and by the benchmarks. In production both are replaced by
DATABASE_URL and NATS_URL.
"""

from portevoix.embedded.nats import EmbeddedNats
from portevoix.embedded.postgres import EmbeddedPostgres
from portevoix.embedded.process import EmbeddedError, free_port

__all__ = ["EmbeddedError", "EmbeddedNats", "EmbeddedPostgres", "free_port"]
