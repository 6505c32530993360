"""`make campaign SEED=… MINUTES=…`: runs a campaign, prints what it counted; exits with 1 if the books are wrong."""

import argparse
import sys
import time

from tests.campaign.campaign import run


def main() -> int:
    parser = argparse.ArgumentParser(prog="campaign")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--minutes", type=float, default=1.0)
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}, {arguments.minutes:g} minutes", flush=True)
    report = run(arguments.seed, arguments.minutes * 60)
    for flaw in report.flaws:
        print(f"WRONG: {flaw}")
    print("the books are wrong" if report.flaws else "the books are right")
    return 1 if report.flaws else 0


if __name__ == "__main__":
    sys.exit(main())
