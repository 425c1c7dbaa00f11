"""How many random examples a property test looks at: few in the normal run, HOMEWARD_EXAMPLES of them on demand."""

import os

from hypothesis import HealthCheck, settings

thorough = settings(
    max_examples=int(os.environ.get("HOMEWARD_EXAMPLES", "100")),
    deadline=None,
    database=None,
    derandomize="HOMEWARD_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
