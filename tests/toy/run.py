"""The command line with the toy family: python tests/toy/run.py VERB ..."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import toy  # noqa: E402
from hebbian.cli import main  # noqa: E402

toy.register()
if __name__ == "__main__":
    sys.exit(main())
