"""How many random examples a property test looks at: 2,000 of money, which is cheap to ask; few of what costs more, and
HOMEWARD_EXAMPLES of them on demand. All of them, with the steps of K6 in any order:

    HOMEWARD_EXAMPLES=2000 .venv/bin/python -m pytest -n 0 -m hypothesis
"""

import os

from hypothesis import HealthCheck, Phase, settings

thorough = settings(
    max_examples=int(os.environ.get("HOMEWARD_EXAMPLES", "50")),
    deadline=None,
    database=None,
    derandomize="HOMEWARD_EXAMPLES" not in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
# Nothing is made smaller: the same two thousand are drawn each time, and HOMEWARD_EXAMPLES shrinks what they find.
many = settings(
    thorough,
    max_examples=max(2_000, thorough.max_examples),
    phases=[Phase.explicit, Phase.generate] if thorough.derandomize else list(Phase),
)
