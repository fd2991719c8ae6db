"""Views as the specification (views.md) words them: plain and slow, and apart from the implementation that it checks.

Reads from standard input {"cases": [{"deltas": [delta as JSON], "petnames": {did: petname}, "distrusted": {did: [kept
ids]}, "readings": [{"context": definition, "query": {"asOf", "authors", "without", "filter"}, "entity", "collection"}]}]}
and writes for each case a list with an answer for each reading: {"entity", "history", "lossless", "isListed"}.
"""

import json
import sys
from fractions import Fraction

INT64 = range(-(2**63), 2**63)


def moment(delta):
    return (delta["timeCreated"], delta["id"])


def text_order(text):
    return text.encode()


def same(value):
    """Two values are the same when their CBOR bytes are: true is no 1, and an integer is no float."""
    return (type(value).__name__, value)


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def targets(delta, local_context, target_context):
    """The entities to which a delta points under these two names."""
    return {
        p["target"]
        for p in delta["pointers"]
        if p["localContext"] == local_context and p.get("targetContext") == target_context
    }


def is_about(delta, entity):
    return any("targetContext" in p and p["target"] == entity for p in delta["pointers"])


def value_of(delta, prop, entity):
    """A delta's value for a property as a list of one, empty where it has none."""
    for p in delta["pointers"]:
        if p["localContext"] != prop:
            continue
        if "targetContext" in p and p["target"] == entity and p["targetContext"] == prop:
            continue
        return [p["target"]]
    return []


# Steps 1 to 6


def with_all_before(ids, deltas):
    by_id = {d["id"]: d for d in deltas}
    found, waiting = set(), list(ids)
    while waiting:
        name = waiting.pop()
        if name in by_id and name not in found:
            found.add(name)
            waiting += by_id[name]["previous"]
    return found


def is_complete(delta, deltas):
    """Whether all transactions of a delta are complete among deltas."""
    for name in targets(delta, "_transaction", "deltas"):
        own = [d for d in deltas if d["creator"] == delta["creator"]]
        sizes = [d for d in own if name in targets(d, "_transaction", "size")]
        if not sizes:
            return False
        size = value_of(max(sizes, key=moment), "size", name)
        if not size or isinstance(size[0], bool) or not isinstance(size[0], int) or size[0] < 0:
            return False
        members = {d["id"] for d in own if name in targets(d, "_transaction", "deltas")}
        if len(members) < size[0]:
            return False
    return True


def negated_among(deltas, moderators):
    by_id = {d["id"]: d for d in deltas}
    negating = {}
    for d in deltas:
        for target in targets(d, "_negates", "negated_by"):
            if target in by_id:
                negating.setdefault(target, []).append(d)
    known = {}

    def counts_against(negation, delta):
        if negation["creator"] == delta["creator"]:
            return True
        if negation["creator"] not in moderators:
            return False
        # A delta that negates one by its own author can be negated by that author only.
        own = [t for t in targets(delta, "_negates", "negated_by") if t in by_id]
        return not any(by_id[t]["creator"] == delta["creator"] for t in own)

    # An id is a hash, so what negates a delta comes from later on: no circles, and the histories here are short.
    def is_negated(name):
        if name not in known:
            delta = by_id[name]
            known[name] = any(counts_against(n, delta) and not is_negated(n["id"]) for n in negating.get(name, []))
        return known[name]

    return {name for name in by_id if is_negated(name)}


def heads(author, deltas):
    own = [d for d in deltas if d["creator"] == author]
    followed = {name for d in own for name in d["previous"]}
    return [d for d in own if d["id"] not in followed]


class View:
    """What the steps 1 to 6 leave of a case's deltas for one reading."""

    def __init__(self, case, reading):
        context, query = reading["context"], reading["query"]
        deltas = {d["id"]: d for d in case["deltas"]}.values()
        # 1
        kept = {author: with_all_before(ids, deltas) for author, ids in case["distrusted"].items()}
        deltas = [d for d in deltas if d["creator"] not in kept or d["id"] in kept[d["creator"]]]
        # 2
        as_of = query.get("asOf", context.get("asOf"))
        deltas = [d for d in deltas if as_of is None or d["timeCreated"] <= as_of]
        after_two = deltas
        # 3
        deltas = [d for d in after_two if is_complete(d, after_two)]
        self.left_out = [d for d in after_two if not is_complete(d, after_two)]
        # 4
        without = set(query.get("without", []))
        self.negated = negated_among(deltas, set(context.get("moderators", [])) - without)
        # 5
        for authors in (context.get("authors", "all"), query.get("authors", "all")):
            if authors != "all":
                deltas = [d for d in deltas if d["creator"] in authors]
        deltas = [d for d in deltas if d["creator"] not in without]
        if context.get("forked") == "refuse":
            deltas = [d for d in deltas if len(heads(d["creator"], after_two)) <= 1]
        # 6
        for source in (context, query):
            if "filter" in source:
                petnames = case["petnames"]
                deltas = [d for d in deltas if truthy(apply(source["filter"], record(d, petnames)))]
        self.deltas = sorted(deltas, key=moment)
        ranks = context.get("authors", "all")
        self.ranks = [] if ranks == "all" else ranks
        self.resolvers = context.get("resolvers", {})

    def about(self, entity):
        return [d for d in self.deltas if is_about(d, entity)]

    def in_force(self, entity):
        return [d for d in self.about(entity) if d["id"] not in self.negated]

    # Step 7, and the other views

    def entity(self, entity, collection):
        deltas = self.in_force(entity)
        if not deltas:
            return None
        names = {p["targetContext"] for d in deltas for p in d["pointers"]
                 if "targetContext" in p and p["target"] == entity}
        properties = {}
        for name in names:
            said = [(d, value_of(d, name, entity)[0]) for d in deltas
                    if any(p.get("targetContext") == name and p["target"] == entity for p in d["pointers"])
                    and value_of(d, name, entity)]
            if said:
                resolver = self.resolvers.get(collection, {}).get(name) or self.resolvers.get("*", {}).get(name)
                value = RESOLVERS[resolver or "last-write-wins"](said, self.ranks)
                if value:
                    properties[name] = value[0]
        return {"id": entity, "properties": properties}

    def history(self, entity):
        deltas = self.in_force(entity)
        if not deltas:
            return None
        changes = []
        for d in deltas:
            names = []
            for p in d["pointers"]:
                if "targetContext" in p and p["target"] == entity and p["targetContext"] not in names:
                    names.append(p["targetContext"])
            for name in names:
                for value in value_of(d, name, entity):
                    changes.append({"property": name, "value": value, "creator": d["creator"],
                                    "timeCreated": d["timeCreated"], "delta": d["id"]})
        return {"id": entity, "history": changes}

    def lossless(self, entity):
        deltas = self.about(entity)
        complete = not any(is_about(d, entity) for d in self.left_out)
        if not deltas and complete:
            return None
        contexts, properties = set(), {}
        for d in deltas:
            told = {k: d[k] for k in ("id", "creator", "host", "sequence", "timeCreated")}
            told["pointers"] = [{p["localContext"]: p["target"]} for p in d["pointers"]]
            if d["id"] in self.negated:
                told["negated"] = True
            here = [p for p in d["pointers"] if "targetContext" in p and p["target"] == entity]
            contexts |= {p["localContext"] for p in here}
            for name in {p["targetContext"] for p in here}:
                properties.setdefault(name, []).append(told)
        return {"referencedAs": sorted(contexts, key=text_order), "properties": properties, "isComplete": complete}

    def is_listed(self, entity, collection):
        return any(p["localContext"] == collection and "targetContext" in p and p["target"] == entity
                   for d in self.in_force(entity) for p in d["pointers"])


# Resolvers: of (delta, value) by moment, the value as a list of one, empty where there is none


def numbers(said):
    return [v for _, v in said if is_number(v)]


def rounded(exact):
    """An exact number as a value: an integer where it is one, else the nearest float; none beyond those."""
    if exact.denominator == 1 and exact.numerator in INT64:
        return [exact.numerator]
    try:
        return [exact.numerator / exact.denominator]
    except OverflowError:
        return []


def extreme(said, sign):
    # Of equals the least CBOR bytes: an integer's come before a float's.
    found = sorted(numbers(said), key=lambda v: (sign * Fraction(v), isinstance(v, float)))
    return found[:1]


def average(said, _):
    found = numbers(said)
    return rounded(sum(map(Fraction, found)) / len(found)) if found else []


def distinct(said):
    values = {}
    for _, v in said:
        if v is not None:
            values.setdefault(same(v), v)
    return list(values.values())


def majority(said, _):
    votes, last = {}, {}
    for d, v in said:
        if v is not None:
            votes[same(v)] = votes.get(same(v), 0) + 1
            last[same(v)] = (moment(d), v)
    if not votes:
        return []
    return [last[max(votes, key=lambda key: (votes[key], last[key][0]))][1]]


def concat(said, _):
    texts = [v for v in distinct(said) if isinstance(v, str)]
    return [" ".join(texts)] if texts else []


def by_rank(said, ranks):
    def rank(author):
        return ranks.index(author) if author in ranks else len(ranks)

    best = min(rank(d["creator"]) for d, _ in said)
    return [[v for d, v in said if rank(d["creator"]) == best][-1]]


RESOLVERS = {
    "last-write-wins": lambda said, _: [said[-1][1]],
    "first-write-wins": lambda said, _: [said[0][1]],
    "min": lambda said, _: extreme(said, 1),
    "max": lambda said, _: extreme(said, -1),
    "sum": lambda said, _: rounded(Fraction(sum(map(Fraction, numbers(said))))) if numbers(said) else [],
    "average": average,
    "count": lambda said, _: [len(numbers(said))],
    "majority": majority,
    "all": lambda said, _: [distinct(said)] if distinct(said) else [],
    "concat": concat,
    "by-rank": by_rank,
    "by-author": lambda said, _: [{d["creator"]: v for d, v in said}],
}


# JSON-Logic, as far as the rules of these cases go


def record(delta, petnames):
    host = delta["host"]
    return {
        "id": delta["id"], "creator": delta["creator"], "host": host,
        "creatorAddress": delta["creator"] + "@" + (host or delta["creator"]),
        "creatorName": petnames.get(delta["creator"]), "timeCreated": delta["timeCreated"],
        "sequence": delta["sequence"], "pointers": delta["pointers"],
    }


def truthy(value):
    return True if isinstance(value, dict) else bool(value)


def apply(rule, data):
    if isinstance(rule, list):
        return [apply(item, data) for item in rule]
    if not isinstance(rule, dict) or len(rule) != 1:
        return rule
    (operator, arguments), = rule.items()
    if not isinstance(arguments, list):
        arguments = [arguments]
    if operator == "some":
        items = apply(arguments[0], data)
        return any(truthy(apply(arguments[1], item)) for item in items)
    arguments = [apply(a, data) for a in arguments]
    if operator == "var":
        for part in arguments[0].split("."):
            data = data.get(part) if isinstance(data, dict) else None
        return data
    if operator == "==":
        return arguments[0] == arguments[1]
    if operator == ">":
        return arguments[0] > arguments[1]
    if operator == "%":
        return arguments[0] % arguments[1]
    if operator == "!":
        return not truthy(arguments[0])
    if operator == "in":
        return arguments[1] is not None and arguments[0] in arguments[1]
    raise ValueError("these cases don't use " + operator)


def main():
    answers = []
    for case in json.load(sys.stdin)["cases"]:
        answers.append([])
        for reading in case["readings"]:
            view, entity, collection = View(case, reading), reading["entity"], reading["collection"]
            answers[-1].append({
                "entity": view.entity(entity, collection), "history": view.history(entity),
                "lossless": view.lossless(entity), "isListed": view.is_listed(entity, collection),
            })
    json.dump(answers, sys.stdout)


main()
