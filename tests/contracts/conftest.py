import contextlib

import pytest
from centre_rows import fill

from portevoix.store import db


@pytest.fixture
def conn(database_url):
    """Autocommit connection to a database of this test alone, with a small centre in it."""
    with contextlib.closing(db.connect(database_url)) as opened:
        fill(opened)
        yield opened
