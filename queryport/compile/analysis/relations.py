"""The relations that an analysed statement reads or writes, those behind its views included."""

from queryport.compile.analysis.facts import Facts, Relation
from queryport.compile.analysis.named import named
from queryport.compile.analysis.node_tree import Value


def reached(facts: Facts, tree: Value) -> tuple[Relation, ...]:
    """Return the relations in the order of their oids."""
    found: dict[int, Relation] = {}
    pending = [tree]
    while pending:
        oids = named(pending.pop()).relations - found.keys()
        facts.look_up(relations=oids)
        for oid in oids:
            relation = found[oid] = facts.relation(oid)
            if relation.kind == "v":
                pending.append(relation.query)
    return tuple(found[oid] for oid in sorted(found))
