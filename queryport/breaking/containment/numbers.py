"""The bounds of numbers, exactly: what several schemas say together, and whether that implies one more bound."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from queryport.breaking.containment.schemas import Excess, Path, Schema


def exact_numbers(schema: Any) -> Any:
    """Return the schema with Decimals where it has floats."""
    if isinstance(schema, float):
        return Decimal(repr(schema))
    if isinstance(schema, dict):
        return {name: exact_numbers(value) for name, value in schema.items()}
    if isinstance(schema, list | tuple):
        return [exact_numbers(value) for value in schema]
    return schema


@dataclass(frozen=True, slots=True)
class Bounds:
    """The least and the largest number, each with whether it is itself left out, and the known divisors."""

    least: tuple[Fraction, bool] | None
    largest: tuple[Fraction, bool] | None
    divisors: tuple[Fraction, ...]
    written: Mapping[str, Any]

    @classmethod
    def of(cls, schemas: Sequence[Any], *, whole: bool) -> "Bounds":
        """Join the bounds of schemas that all hold."""
        least = largest = None
        divisors = [Fraction(1)] if whole else []
        written: dict[str, Any] = {}
        for schema in schemas:
            if not isinstance(schema, Mapping):
                continue
            for keyword, excluded in (("minimum", False), ("exclusiveMinimum", True)):
                if keyword in schema:
                    bound = Fraction(schema[keyword]), excluded
                    least = bound if least is None else max(least, bound)
                    written.setdefault(keyword, schema[keyword])
            for keyword, excluded in (("maximum", False), ("exclusiveMaximum", True)):
                if keyword in schema:
                    bound = Fraction(schema[keyword]), excluded
                    largest = bound if largest is None else min(largest, bound, key=lambda each: (each[0], not each[1]))
                    written.setdefault(keyword, schema[keyword])
            if "multipleOf" in schema:
                divisors.append(Fraction(schema["multipleOf"]))
                written.setdefault("multipleOf", schema["multipleOf"])
        return cls(least, largest, tuple(divisors), written)

    def implies(self, keyword: str, bound: Any) -> bool:
        """Return whether every number within the bounds keeps to one more."""
        wanted = Fraction(bound)
        if keyword in ("minimum", "exclusiveMinimum"):
            if self.least is None:
                return False
            value, excluded = self.least
            return value > wanted or (value == wanted and (excluded or keyword == "minimum"))
        if self.largest is None:
            return False
        value, excluded = self.largest
        return value < wanted or (value == wanted and (excluded or keyword == "maximum"))

    def is_multiple_of(self, divisor: Any) -> bool:
        """Return whether every number within the bounds is a multiple."""
        return any((each / Fraction(divisor)).denominator == 1 for each in self.divisors)

    def said(self, keyword: str) -> Any:
        """Return what is written for a keyword, None for nothing."""
        return self.written.get(keyword)


def numbers(first: Sequence[Schema], second: Mapping[str, Any], path: Path, *, whole: bool) -> Iterator[Excess]:
    """Yield what numbers of the first are and numbers of the second may not be."""
    bounds = Bounds.of(first, whole=whole)
    for keyword in ("minimum", "exclusiveMinimum", "maximum", "exclusiveMaximum"):
        if keyword in second and not bounds.implies(keyword, second[keyword]):
            yield Excess(path, keyword, bounds.said(keyword), second[keyword])
    if "multipleOf" in second and not bounds.is_multiple_of(second["multipleOf"]):
        yield Excess(path, "multipleOf", bounds.said("multipleOf"), second["multipleOf"])
