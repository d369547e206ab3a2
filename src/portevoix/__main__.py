"""`python -m portevoix` is `portevoix`."""

import sys

from portevoix.cli import main

if __name__ == "__main__":
    sys.exit(main())
