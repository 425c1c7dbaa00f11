"""K6: whatever is done to an order, in whatever order, the product does what a small model of it does.

Hypothesis drives returns, exchanges, cancellations, refunds over two payments, goodwill and store credit of one order
through the product's own verbs on PostgreSQL, and through `k6_model`, which knows plain numbers alone. What the model
refuses the product must refuse, and after each step 25 things must be equal (`k6_invariants`): of an exchange that its
goods are set aside and there, that the value carried is credited on the order that goes out, and that nothing is paid
twice. `size` counts examples, of up to 50 steps (5 at the small size).
"""

from collections import Counter
from typing import Any

from tests.proofs import Progress

SMALL, FULL = 100, 2_000


def run(size: int, progress: Progress) -> dict[str, Any]:
    """`divergence` is the shortest way to a difference that was found; it must be empty."""
    from hypothesis import HealthCheck, settings
    from hypothesis.stateful import run_state_machine_as_test

    from tests.proofs.k6_exchanges import orders_and_returns
    from tests.proofs.k6_invariants import INVARIANTS
    from tests.proofs.k6_machine import TOLD

    TOLD.clear()
    machine = orders_and_returns(lambda done: progress(min(done, size), size))
    chosen = settings(
        max_examples=size,
        stateful_step_count=5 if size < FULL else 50,
        deadline=None,
        database=None,
        derandomize=True,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )
    divergence = ""
    try:
        run_state_machine_as_test(machine, settings=chosen)
    except Exception as problem:
        divergence = "\n".join([repr(problem)[:500], *getattr(problem, "__notes__", [])])[:4_000]
    told: Counter[str] = TOLD
    return {
        "examples": told["examples"],
        "steps": sum(count for name, count in told.items() if name.startswith("did ")),
        "refused": sum(count for name, count in told.items() if name.startswith("refused ")),
        "verbs": {name[4:]: count for name, count in sorted(told.items()) if name.startswith("did ")},
        "invariants": len(INVARIANTS),
        "divergence": divergence,
        "passed": not divergence and len(INVARIANTS) >= 25,
    }
