"""`python -m hebbian`: the same as the command `hebbian`."""

import sys

from hebbian.cli import main

if __name__ == "__main__":
    sys.exit(main())
