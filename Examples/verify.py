#!/usr/bin/env python3
"""Checks a proof by another program than its maker's: pip install pycose; verify.py FILE (docs/spec/proof.md)."""
import json, struct, sys, cbor2
from fractions import Fraction
from hashlib import sha256
from ecdsa.eddsa import curve_ed25519, generator_ed25519
from ecdsa.ellipticcurve import INFINITY, PointEdwards
from pycose.keys import OKPKey
from pycose.messages import Sign1Message

def check(holds, why):
    if not holds: sys.exit(f"doesn't hold: {why}")
def is_acceptable(key):  # canonical and of prime order: about other keys verifiers differ
    point = PointEdwards.from_bytes(curve_ed25519, key)
    return point.to_bytes() == key and point != INFINITY and point * generator_ed25519.order() == INFINITY
def encode(value):  # deterministic CBOR, RFC 8949, section 4.2.1
    def head(major, n):
        if n < 24: return bytes([major << 5 | n])
        size = next(i for i in range(4) if n < 1 << (8 << i))
        return bytes([major << 5 | 24 + size]) + n.to_bytes(1 << size, "big")
    if value is None or isinstance(value, bool): return {None: b"\xf6", True: b"\xf5", False: b"\xf4"}[value]
    if isinstance(value, int): return head(int(value < 0), max(value, ~value))
    if isinstance(value, float):
        return encode(int(value)) if value.is_integer() and abs(value) <= 2**53 else b"\xfb" + struct.pack(">d", value)
    if isinstance(value, bytes): return head(2, len(value)) + value
    if isinstance(value, str): return head(3, len(value.encode())) + value.encode()
    if isinstance(value, cbor2.CBORTag): return head(6, value.tag) + encode(value.value)
    if hasattr(value, "items"):
        return head(5, len(value)) + b"".join(k + v for k, v in sorted((encode(k), encode(v)) for k, v in value.items()))
    return head(4, len(value)) + b"".join(map(encode, value))
def decode(data, what):
    value = cbor2.loads(data)
    check(encode(value) == data, f"the form of a {what}")
    return value
def did(key):
    number, text, digits = int.from_bytes(b"\xed\x01" + key, "big"), "", "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    while number: number, text = number // 58, digits[number % 58] + text
    return "did:key:z" + text
class Delta:
    def __init__(self, header, body=None):
        (protected, unprotected, payload, signature), self.body = header.value, body
        self.cose, self.key = [protected, {}, payload, signature], decode(protected, "header")[4]
        version, self.sequence, self.previous, self.time, *self.hash = decode(payload, "payload")
        check(protected == encode({1: -8, 4: self.key}) and not unprotected and version == 1, "the form of a header")
        self.id = sha256(encode(["Signature1", protected, b"rhizome.delta.v1", payload])).digest()
        if body is None: return
        self.order, self.pointers = (self.time, self.id), decode(body, "body")[1]
        ids = lambda name, context: {p[1] for p in self.pointers if len(p) == 3 and (p[0], p[2]) == (name, context)}
        self.negates, self.sizes = {bytes.fromhex(i) for i in ids("_negates", "negated_by")}, ids("_transaction", "size")
        self.transactions = ids("_transaction", "deltas")
    def value(self, name, entity):  # a list of one, or of none
        return [p[1] for p in self.pointers if p[0] == name and p[1:] != [entity, name]][:1]
def verify(delta, keys):
    message = Sign1Message.from_cose_obj(delta.cose, False)
    message.key, message.external_aad = OKPKey(crv="ED25519", x=delta.key), b"rhizome.delta.v1"
    keys[delta.key] = keys[delta.key] if delta.key in keys else is_acceptable(delta.key)
    check(keys[delta.key] and message.signature[:32] != b"\1" + bytes(31) and message.verify_signature(), "a signature")
    check(delta.body is None or [sha256(delta.body).digest(), len(delta.body)] == delta.hash, "a body")
def reached(ids, nodes):
    found = dict.fromkeys(ids)
    for i in (queue := list(found)):  # grows meanwhile
        queue += [p for p in (nodes[i].previous if i in nodes else []) if p not in found and not found.update({p: None})]
    return set(found)
def passes(rule, record):  # JSON-Logic, as far as it goes here
    if not isinstance(rule, dict): return rule
    (name, args), = rule.items()
    if name == "var": return record[args[0] if isinstance(args, list) else args]
    check(name in ("==", "and", "or", "!"), f"this program doesn't know the rule {name}")
    a = [passes(arg, record) for arg in (args if isinstance(args, list) else [args])]
    return {"==": a[0] == a[-1], "and": all(a), "or": any(a), "!": not a[0]}[name]
def resolve(name, said, ranks):  # said: (delta, value), oldest first; gives a list of one value, or of none
    values = [v for _, v in said if v is not None]
    numbers, texts = [v for v in values if type(v) in (int, float)], [v for v in values if isinstance(v, str)]
    once = lambda items: list({encode(v): v for v in items}.values())
    rank = lambda d: ranks.index(d.key) if d.key in ranks else len(ranks)
    exact = lambda x: int(x) if x.denominator == 1 and -2**63 <= x < 2**63 else float(x)
    times = lambda v: sum(encode(v) == encode(w) for w in values)
    return {"last-write-wins": lambda: [v for _, v in said][-1:], "first-write-wins": lambda: [v for _, v in said][:1],
            "min": lambda: sorted(numbers, key=lambda v: (Fraction(v), encode(v)))[:1], "count": lambda: [len(numbers)],
            "max": lambda: sorted(numbers, key=lambda v: (-Fraction(v), encode(v)))[:1],
            "sum": lambda: [exact(sum(map(Fraction, numbers)))] if numbers else [],
            "average": lambda: [exact(sum(map(Fraction, numbers)) / len(numbers))] if numbers else [],
            "majority": lambda: sorted(values, key=times)[-1:], "all": lambda: [once(values)] if values else [],
            "concat": lambda: [" ".join(once(texts))] if texts else [],
            "by-rank": lambda: [v for d, v in said if rank(d) == min(rank(e) for e, _ in said)][-1:],
            "by-author": lambda: [{did(d.key): v for d, v in said}] if said else []}[name]()
form, version, claim, evidence = decode(open(sys.argv[1], "rb").read(64 << 20), "proof")
entity, properties, complete, heads, look = claim[1], claim[3], claim[5], claim[6], claim[4]
check((form, version) == ("rhizome-proof", 1) and sorted(claim) == [*range(1, 9)] == sorted(look) and sorted(evidence) == [1, 2], "the form")
deltas, headers, keys = [Delta(*pair) for pair in evidence[1]], [Delta(header) for header in evidence[2]], {}
check(all(a.id < b.id for a, b in zip(deltas, deltas[1:])), "the deltas' order")
check(all((a.key, a.sequence, a.id) < (b.key, b.sequence, b.id) for a, b in zip(headers, headers[1:])), "the headers' order")
check(all(a[0] < b[0] for a, b in zip(properties, properties[1:])), "the properties' order")
for delta in deltas + headers: verify(delta, keys)
nodes = {d.id: d for d in headers + deltas}
check(all(nodes[p].key == d.key for d in nodes.values() for p in d.previous if p in nodes), "a link to another author")
check(all(i in nodes and nodes[i].key == author for author, ids in heads for i in ids), "a head")
linked = set().union(*(reached(ids, nodes) for _, ids in heads))
check(all(d.id in linked for d in deltas) and (not complete or linked <= {d.id for d in deltas}), "what is linked to the heads")
kept = {author: reached(ids, nodes) for author, ids in look[7]}
left = [d for d in deltas if (look[1] is None or d.time <= look[1]) and d.id in kept.get(d.key, nodes)
        and (look[8] is None or d.key in look[8])]
def is_whole(name, key):  # a transaction
    sizes = sorted((d for d in left if d.key == key and name in d.sizes), key=lambda d: d.order)[-1:]
    count = [n for d in sizes for n in d.value("size", name) if type(n) is int and n >= 0]
    return count and count[0] <= sum(d.key == key and name in d.transactions for d in left)
left = [d for d in left if all(is_whole(name, d.key) for name in d.transactions)]
authors, moderators = {d.id: d.key for d in left}, set(look[3]) - set(look[4])
def is_negated(d):
    others = set() if any(authors.get(i) == d.key for i in d.negates) else moderators
    return any(d.id in n.negates and n.key in {d.key} | others and not is_negated(n) for n in left)
shown = sorted((d for d in left if (look[2] == "all" or d.key in look[2]) and d.key not in look[4] and not is_negated(d) and all(
    passes(json.loads(f), {"creator": did(d.key), "timeCreated": d.time, "id": d.id.hex()}) for f in look[5])), key=lambda d: d.order)
for name, value, resolver in properties:
    said = [(d, v) for d in shown if any(p[1:] == [entity, name] for p in d.pointers) for v in d.value(name, entity)]
    check(encode(resolve(resolver, said, look[2])) == encode([value]), f"computed again, {name!r} differs")
    print(f"{entity} {name} = {value!r}")
print("holds. It can't show: that others said nothing, what is newer, whose keys these are, when it was written, who made the proof")
