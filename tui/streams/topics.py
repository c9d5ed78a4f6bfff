"""The sink topics that the console's tables read.

The features define them too, but importing those imports Ibis, which the first paint cannot wait
for; a test holds the two together.
"""

from __future__ import annotations

from typing import Final

ROLLING_TOPIC: Final = "user_trans_amt_last_360min"
WINDOWED_TOPIC: Final = "user_trans_amt_last_360min_windowed"
FLAGGED_TOPIC: Final = "flagged_transactions"

TUMBLING: Final = "tumbling"
CUMULATING: Final = "cumulating"
WINDOW_TOPICS: Final = {
    TUMBLING: WINDOWED_TOPIC,
    "hopping": "user_trans_amt_last_360min_hopping",
    CUMULATING: "user_trans_amt_today_cumulating",
}
"""By kind of window, which is also the name of the job."""
WINDOW_KINDS: Final = tuple(WINDOW_TOPICS)
