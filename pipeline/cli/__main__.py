"""`python -m pipeline.cli`: the headless commands without the console."""

import sys

from pipeline.interrupt import ended_in_silence

with ended_in_silence():
    from .app import main

sys.exit(main())
