"""Modules invented at random, evaluated here and by other engines of the same language:
python tests/rego/differential/run.py [--seed N] [--count N] [--peer NAME] [--case N] [--show N]

A module is known by its seed and number. Every disagreement is reduced as far as is cheap and printed, those of one
kind together. Exit status: 0: no disagreement with Open Policy Agent whose reason is not known; 1: some; 77: there is
no engine to compare with.
"""

import argparse
import os
import random
import re
import sys
from collections import Counter, defaultdict
from decimal import Decimal

import invent
import peers
import words

CHECKER = re.compile(r"match error|invalid argument|undefined ref")
FUNCTION = re.compile(r"undefined function|arity mismatch")
TOKEN = re.compile(r'\$?"(?:\\.|[^"\\])*"|`[^`]*`|[A-Za-z_][\w.]*|\d[\d.e]*|:=|==|!=|<=|>=|\s+|.')
REDUCTIONS = {"opa": 3000, "rego-cpp": 150}
EVERY = {"opa": 1, "rego-cpp": 10}  # the second is slow


# Disagreements whose reason is known: docs/rego.md tells them. Ours and Open Policy Agent's -> in a few words.
INDEX = "its rule index passes over rules, and so over what fails in them"
ITERATED = "it does not look for constants that cannot be iterated over everywhere"
BEHIND = "what fails behind the first of several equal members, or behind an undefined reference"
LATE = ("error/eval_builtin_error", "error/eval_type_error", "error/eval_conflict_error")
KNOWN = {(late, "value"): INDEX for late in LATE}
KNOWN |= {("error/rego_type_error", theirs): ITERATED for theirs in ("value", *LATE)}
KNOWN |= {("value", late): BEHIND for late in LATE[:2]}
BITS = Decimal(2) ** -62  # what it computes with fractions has 64 bits


def alike(ours, theirs):
    """Equal, as far as its fractions go."""
    if isinstance(ours, list) and isinstance(theirs, list):
        return len(ours) == len(theirs) and all(map(alike, ours, theirs))
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return ours.keys() == theirs.keys() and all(alike(v, theirs[k]) for k, v in ours.items())
    if {bool, str, type(None)} & {type(ours), type(theirs)} or not isinstance(theirs, (int, Decimal)):
        return type(ours) is type(theirs) and ours == theirs
    return ours == theirs or (
        isinstance(ours, (int, Decimal)) and abs(Decimal(ours) - Decimal(theirs)) <= abs(Decimal(theirs)) * BITS
    )


def loosely(value):
    """Arrays without order: rego-cpp's sets are arrays in an order of its own."""
    if isinstance(value, list):
        return sorted((loosely(v) for v in value), key=repr)
    if isinstance(value, dict):
        return {k: loosely(v) for k, v in value.items()}
    return value


def checked(message):
    """Is it the type checker's? A function that it rejects is undefined for those that call it."""
    rest = re.sub(r"undefined function data[.]t[.]\w+", "", message)
    return CHECKER.search(rest) and not FUNCTION.search(rest)


def excluded(ours, theirs, peer):
    """Why the two cannot be compared, or None."""
    codes = theirs[1] if theirs[0] == "error" else set()
    if ours[0] == "error" and any(c.startswith("limit_") for c in ours[1]):
        return "a limit of ours"
    if "crash" in codes:
        return "the other one died"
    if peer.name == "opa" and codes == {"rego_type_error", "prepare_error"} and checked(theirs[2]):
        return "OPA's type checker"
    if peer.name == "rego-cpp" and theirs[0] == "error" and ours[0] != "error":
        return "an error of rego-cpp's only"
    return None


def early(answer):
    """Rejected by the compiler."""
    return answer[0] == "error" and all(code.startswith(("rego_", "prepare_")) for code in answer[1])


def late(answer):
    """Failed when it was evaluated."""
    return answer[0] == "error" and all(code.startswith("eval") for code in answer[1])


def agree(ours, theirs, peer):
    if ours[0] != theirs[0]:
        return False
    if (early(ours) and early(theirs)) or (late(ours) and late(theirs)):
        return True  # which of several faults is named is a matter of order
    if ours[0] == "value":
        return alike(ours[1], theirs[1]) if peer.name == "opa" else loosely(ours[1]) == loosely(theirs[1])
    return ours[0] == "undefined" or peer.name != "opa" or bool(ours[1] & theirs[1])


def kind(answer):
    return "/".join([answer[0], *sorted(answer[1] - {"prepare_error"})]) if answer[0] == "error" else answer[0]


def pieces(tokens, at):
    """What may be left out from a token on: (behind its end, what stands in its place), the longest first."""
    depth, ends = 0, []
    for end in range(at, len(tokens)):
        token = tokens[end]
        depth += (token in "([{") - (token in ")]}") if len(token) == 1 else 0
        if depth < 0:
            break
        if depth == 0 and (token in ";,)]}" or "\n" in token) and end > at:
            ends.append((end + 1, []))
        if depth == 0 and token in ")]}" and tokens[at] in "([{":
            yield end + 1, ["1"]
            yield end + 1, tokens[at + 1 : end]
            break
    yield from ends[:3][::-1]
    if "\n" not in tokens[at]:
        yield at + 1, []


class Comparison:
    """`arbiter`: Open Policy Agent's comparison, whose word decides where another engine disagrees."""

    def __init__(self, peer, ours, arbiter=None):
        self.peer, self.ours, self.arbiter = peer, ours, arbiter
        self.counts = Counter()
        self.found = defaultdict(list)

    def both(self, module):
        return tuple(e.ask(module, words.INPUT, words.DATA) for e in (self.ours, self.peer))

    def disagreement(self, module):
        ours, theirs = self.both(module)
        why = excluded(ours, theirs, self.peer)
        if why or agree(ours, theirs, self.peer):
            return why, None
        return None, (kind(ours), kind(theirs))

    def reduce(self, module, wanted):
        """Rules, brackets with what is in them, statements and tokens left out, as long as the two still disagree so."""
        tokens = TOKEN.findall(module)
        tries, before = 0, None
        while before != len(tokens) and tries < REDUCTIONS[self.peer.name]:
            before, at = len(tokens), 0
            while at < len(tokens) and tries < REDUCTIONS[self.peer.name]:
                for end, instead in pieces(tokens, at):
                    fewer = tokens[:at] + instead + tokens[end:]
                    tries += 1
                    if self.disagreement("".join(fewer))[1] == wanted:
                        tokens = fewer
                        break
                else:
                    at += 1
        return "".join(tokens)

    def run(self, number, rules):
        module = invent.text(rules)
        why, kinds = self.disagreement(module)
        if why:
            self.counts[why] += 1
        elif kinds is None:
            ours = self.both(module)[0] if self.counts["agree"] % 50 == 0 else None
            self.counts["agree"] += 1
            if ours:
                self.counts[f"of each 50th: {kind(ours)}"] += 1
        elif self.arbiter and self.arbiter.disagreement(module) == (None, None):
            self.counts["disagree with us and with OPA"] += 1
        else:
            self.counts["disagree"] += 1
            self.found[kinds].append((number, module))

    def report(self, show):
        print(f"\n{self.peer.name}: " + ", ".join(f"{what} {n}" for what, n in sorted(self.counts.items())))
        for kinds, cases in sorted(self.found.items(), key=lambda item: -len(item[1])):
            reason = KNOWN.get(kinds) if self.peer.name == "opa" else None
            print(
                f"\n== {len(cases)} times: ours {kinds[0]}, {self.peer.name} {kinds[1]}"
                + (f" (known: {reason})" if reason else "")
            )
            for number, module in cases[:show]:
                small = self.reduce(module, kinds)
                ours, theirs = self.both(small)
                print(
                    f"-- case {number}\n{small.strip()}\n   ours: {ours[0]} {ours[-1]}\n"
                    f"   {self.peer.name}: {theirs[0]} {theirs[-1]}"
                )
        sys.stdout.flush()


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--seed", type=int, default=int(os.environ.get("CTSHIM_TEST_SEED", random.randrange(1 << 32)))
    )
    parser.add_argument("--count", type=int, default=3000, help="modules (default: %(default)s)")
    parser.add_argument("--peer", action="append", help="only this engine: opa, rego-cpp")
    parser.add_argument("--case", type=int, help="only this one")
    parser.add_argument("--show", type=int, default=5, help="of each kind of disagreement (default: %(default)s)")
    return parser.parse_args()


def main():
    asked = options()
    there = [Comparison(p, o) for p, o in peers.peers()]
    comparisons = [c for c in there if not asked.peer or c.peer.name in asked.peer]
    for comparison in there[1:]:
        comparison.arbiter = there[0]
    if not comparisons:
        print("rego-differential: skipped: no other engine is there")
        return 77
    print(f"seed {asked.seed}: {asked.count} modules", flush=True)
    for number in [asked.case] if asked.case is not None else range(asked.count):
        rules = invent.module(random.Random(f"{asked.seed}:{number}"))
        for comparison in comparisons:
            if number % EVERY[comparison.peer.name] == 0 or asked.case is not None:
                comparison.run(number, rules)
    for comparison in comparisons:
        comparison.report(asked.show)
    return int(any(c.found.keys() - KNOWN.keys() for c in comparisons if c.peer.name == "opa"))


if __name__ == "__main__":
    sys.exit(main())
