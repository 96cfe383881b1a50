"""Run benchmarks, one after the other: ``python -m benchmarks [exactness] [conversions] [pipeline] [factoring]``."""

from __future__ import annotations

import argparse
import sys

from benchmarks import conversions, exactness, factoring, pipeline

BENCHMARKS = {
    "exactness": ("exactness and recording speed against the wire oracle", exactness.main),
    "conversions": ("whole conversions", conversions.main),
    "pipeline": ("from recorded events to a proven repository", lambda: pipeline.main([])),
    "factoring": ("factoring against bare kustomize", lambda: factoring.main([])),
}


def main() -> int:
    """Print the figures asked for, all without a name; non-zero when one that must hold does not."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(BENCHMARKS))
    names = parser.parse_args().names
    unknown = sorted(set(names) - set(BENCHMARKS))
    if unknown:
        parser.error(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    failed = 0
    for name in names or BENCHMARKS:
        title, run = BENCHMARKS[name]
        print(f"== {name}: {title} ==", flush=True)
        failed += run()
    return failed


if __name__ == "__main__":
    sys.exit(main())
