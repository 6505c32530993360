"""The relations that an analysed statement reads or writes, those behind its views and policies included."""

from queryport.compile.analysis.database.facts import Facts
from queryport.compile.analysis.database.objects import Relation
from queryport.compile.analysis.tree.named import Named


def reached(facts: Facts, objects: Named) -> tuple[Relation, ...]:
    """Return the relations that a statement that names these objects reaches, in the order of their oids."""
    found: dict[int, Relation] = {}
    pending = [objects]
    while pending:
        oids = pending.pop().relations - found.keys()
        facts.look_up(relations=oids)
        for oid in oids:
            relation = found[oid] = facts.relation(oid)
            pending += relation.policy_objects
            if relation.kind == "v":
                pending.append(relation.objects)
    return tuple(found[oid] for oid in sorted(found))
