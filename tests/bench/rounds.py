"""Every operation on every registry in turn, A B, then B A: what the machine does meanwhile hits all of them alike."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from tests.bench.plan import Operation, Sample, Sizes
from tests.bench.target import Target

# operation -> target -> one sample per round
Samples = dict[str, dict[str, list[Sample]]]
MESSAGE_CHARACTERS = 300


def run(
    operations: Sequence[Operation], targets: Sequence[Target], found: Samples, *, sizes: Sizes, rounds: int
) -> None:
    """Measure all into `found`, which holds what is done when somebody ends the run early.

    A measurement that fails is a result: its sample holds the error.
    """
    for operation in operations:
        samples: dict[str, list[Sample]] = {target.name: [] for target in targets}
        unready = {target.name: _warm_up(operation, target, sizes) for target in targets}
        for number in range(rounds):
            for target in targets if number % 2 == 0 else reversed(targets):
                error = unready[target.name]
                samples[target.name].append(error or _measured(operation, target, sizes))
        found[operation.name] = samples
        _tell(operation, samples)


def _warm_up(operation: Operation, target: Target, sizes: Sizes) -> Sample | None:
    """None when it went well."""

    def measure() -> Sample:
        operation.warm_up(target, sizes)
        return Sample()

    sample = _guarded(measure)
    return sample if sample.error else None


def _measured(operation: Operation, target: Target, sizes: Sizes) -> Sample:
    return _guarded(lambda: Sample(operation.measure(target, sizes)))


def _guarded(measure: Callable[[], Sample]) -> Sample:
    try:
        return measure()
    except Exception as error:  # noqa: BLE001 - whatever a server does to us is this measurement's result, and is shown
        return Sample(error=f"{type(error).__name__}: {error}"[:MESSAGE_CHARACTERS])


def _tell(operation: Operation, samples: dict[str, list[Sample]]) -> None:
    """Progress on standard error; figures are for the table."""
    errors = {name: next((s.error for s in given if s.error), "") for name, given in samples.items()}
    failed = "; ".join(f"{name}: {error}" for name, error in errors.items() if error)
    sys.stderr.write(f"  {operation.name}{': ' + failed if failed else ''}\n")
    sys.stderr.flush()
