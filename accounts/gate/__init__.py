"""The gate: whom credentials prove, how often they may be tried, and that they were."""

from accounts.gate.proving import prove, prove_person

__all__ = ["prove", "prove_person"]
