"""Make rego_numbers.h: what Python's integers and fractions say of numbers invented at random.

    python tests/unit/make_rego_numbers.py > tests/unit/rego_numbers.h

Quotients that are neither integers nor 19 digits long are those of floats with a mantissa of 64 bits, in their fewest digits.
"""

import math
import random
from decimal import Decimal, getcontext
from fractions import Fraction

SEED = 20260801
ROWS = 600
getcontext().prec = 4000


def invent(rng: random.Random) -> str:
    """A number of some kind, as JSON has it."""
    kinds = [
        lambda: str(rng.randrange(-20, 20)),
        lambda: str(rng.randrange(-(2**64), 2**64)),
        lambda: str(rng.randrange(-(10**60), 10**60)),
        lambda: f"{rng.randrange(-(10**9), 10**9)}e{rng.randrange(-40, 40)}",
        lambda: f"{rng.randrange(-100, 100)}.{rng.randrange(1000):03}",
        lambda: str(rng.randrange(-(10**9), 10**9) * 10 ** rng.randrange(30)),
        lambda: str(rng.choice([1, -1]) * (2 ** rng.randrange(300) + rng.randrange(-1, 2))),
        lambda: f"{rng.randrange(-(10**40), 10**40)}e{rng.randrange(-80, 0)}",
    ]
    return rng.choice(kinds)()


def invent_integer(rng: random.Random) -> str:
    """One without a fraction."""
    while True:
        text = invent(rng)
        if Fraction(text).denominator == 1:
            return text


def to_float(value: Fraction) -> tuple[Fraction, Fraction]:
    """The nearest number with 64 bits of mantissa, and what its last bit is worth."""
    exponent = value.numerator.bit_length() - value.denominator.bit_length()
    size = abs(value)
    while size >= Fraction(2) ** exponent:
        exponent += 1
    while size < Fraction(2) ** (exponent - 1):
        exponent -= 1
    unit = Fraction(2) ** (exponent - 64)
    return round(value / unit) * unit, unit


def in_fewest_digits(value: Fraction, unit: Fraction) -> Fraction:
    """The shortest decimal number that is nearer to the float than to its neighbours."""
    size = abs(value)
    even = (size / unit) % 2 == 0
    adjusted = (Decimal(size.numerator) / Decimal(size.denominator)).adjusted()
    for digits in range(1, 40):
        place = Fraction(10) ** (adjusted - digits + 1)
        candidate = round(size / place) * place
        away = abs(candidate - size)
        if away < unit / 2 or (even and away == unit / 2):
            return candidate if value > 0 else -candidate
    raise AssertionError


def divide(a: Fraction, b: Fraction) -> Fraction:
    """Exact where that is short or whole."""
    if a == 0:
        return a
    exact = a / b
    decimal = Decimal(exact.numerator) / Decimal(exact.denominator)
    if exact.denominator == 1 or (Fraction(decimal) == exact and len(decimal.normalize().as_tuple().digits) <= 19):
        return exact
    return in_fewest_digits(*to_float(to_float(a)[0] / to_float(b)[0]))


def round_half_away(a: Fraction) -> int:
    """As nobody but Go rounds."""
    size = math.floor(abs(a) + Fraction(1, 2))
    return -size if a < 0 else size


OPERATIONS = {
    "+": (invent, lambda a, b: a + b),
    "-": (invent, lambda a, b: a - b),
    "*": (invent, lambda a, b: a * b),
    "/": (invent, lambda a, b: divide(a, b)),
    "%": (invent_integer, lambda a, b: int(math.copysign(1, a)) * (abs(a) % abs(b))),
    "&": (invent_integer, lambda a, b: int(a) & int(b)),
    "|": (invent_integer, lambda a, b: int(a) | int(b)),
    "^": (invent_integer, lambda a, b: int(a) ^ int(b)),
    "~": (invent_integer, lambda a, b: ~int(a)),
    "<": (invent_integer, lambda a, b: int(a) << int(b)),
    ">": (invent_integer, lambda a, b: int(a) >> int(b)),
    "r": (invent, lambda a, b: round_half_away(a)),
    "c": (invent, lambda a, b: math.ceil(a)),
    "f": (invent, lambda a, b: math.floor(a)),
    "?": (invent, lambda a, b: (a > b) - (a < b)),
    "x": (invent_integer, lambda a, b: int(a)),
}


def as_json(value) -> str:
    """All digits, whatever they are."""
    fraction = Fraction(value)
    decimal = Decimal(fraction.numerator) / Decimal(fraction.denominator)
    assert Fraction(decimal) == fraction
    return str(decimal).replace("E", "e")


def main() -> None:
    """One row for each line."""
    rng = random.Random(SEED)
    print("/* Written by make_rego_numbers.py: an operation, its operands and the result. */")
    print("static const struct {\n\tchar operation;\n\tconst char *a, *b, *result;\n} rows[] = {")
    for i in range(ROWS):
        name = list(OPERATIONS)[i % len(OPERATIONS)]
        kind, operation = OPERATIONS[name]
        a, b = kind(rng), kind(rng)
        if name in "<>":
            b = str(rng.randrange(0, 200))
        if name in "/%" and Fraction(b) == 0:
            b = "7"
        result = operation(Fraction(a), Fraction(b))
        text = f"{int(result):x}" if name == "x" else as_json(result)
        print(f'\t{{\'{name}\', "{a}", "{b}",\n\t "{text}"}},')
    print("};")


if __name__ == "__main__":
    main()
