"""``python -m benchmarks.check``: measure check on the collection, and its speed."""

from __future__ import annotations

import sys
import time

from afterlog.check import check
from benchmarks.check.corpus import load
from benchmarks.check.score import score

LEAST_RECALL = 0.9
MOST_FALSE = 0.1
MOST_S_PER_1000 = 30.0


def main() -> int:
    """Print the figures; 1 where one of them is not good enough."""
    documents = load()
    result = score(documents)
    began = time.process_time()
    rounds = max(1, 200 // len(documents))
    for _ in range(rounds):
        for document in documents:
            check(document.text)
    per_1000 = (time.process_time() - began) / (rounds * len(documents)) * 1000
    for note in result.notes:
        print(note)
    print(f"documents {len(documents)}, clean {result.clean}, planted {result.planted}")
    print(
        f"recall {result.recall:.3f}   false accusations per clean document "
        f"{result.false_per_clean:.3f}   beside planted ones {result.beside}"
    )
    print(f"CPU for 1000 documents {per_1000:.1f} s")
    good = result.recall >= LEAST_RECALL and result.false_per_clean <= MOST_FALSE and per_1000 <= MOST_S_PER_1000
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
