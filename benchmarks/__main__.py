"""Run all benchmarks, one after the other: ``python -m benchmarks``."""

from __future__ import annotations

import sys

from benchmarks import conversions, exactness, factoring, pipeline


def main() -> int:
    """Print all figures; non-zero when one that must hold does not."""
    print("== exactness and recording speed against the wire oracle ==", flush=True)
    failed = exactness.main()
    print("== whole conversions ==", flush=True)
    failed += conversions.main()
    print("== from recorded events to a proven repository ==", flush=True)
    failed += pipeline.main([])
    print("== factoring against bare kustomize ==", flush=True)
    sys.argv = sys.argv[:1]
    factoring.main()
    return failed


if __name__ == "__main__":
    sys.exit(main())
