"""`python -m pipeline.cli`: the headless commands without the console."""

import sys

from .app import main

sys.exit(main())
