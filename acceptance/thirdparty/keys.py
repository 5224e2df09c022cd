"""Keys, rotations and events as records: sections 6 and 7 of docs/release-log-format.md."""

from events import TYPES
from primitives import Refused, check, check_time, decode, ed25519, encode, fields, leaf, open_note, parse_checkpoint, sha256, unbase64

NAMES = ("ledger", "attest", "document")
RECORD = {"header": (None, False), "parts": (("m", {"salt": ("t", False), "body": (None, False)}), False)}
ACTOR = fields("kind id role authentication")
HEADER = fields(
    "schema id stream type time on_behalf reason authorised_by cause correlation command policy build",
    seq="i", version="i", type_version="i", actor=ACTOR, parts=("m", "t"),
)  # fmt: skip


class Event:
    """A record, checked by itself (F-701 to F-704)."""

    def __init__(self, record):
        record = check(record, RECORD, "F-701")
        self.raw = encode(record["header"])
        self.header = check(record["header"], HEADER, "F-701")
        h = self.header
        self.seq, self.stream, self.version, self.type, self.time = h["seq"], h["stream"], h["version"], h["type"], h["time"]
        self.actor, self.leaf = h["actor"], leaf(self.raw)
        if h["schema"] != "dc-release/event/v1":
            raise Refused("F-701", f"schema {h['schema']!r}")
        check_time(self.time, "F-701")
        for name, part in record["parts"].items():
            if len(part["salt"]) != 32 or not all(c in "0123456789abcdef" for c in part["salt"]):
                raise Refused("F-702", f"event {self.seq}: the salt of {name!r} is not 16 bytes")
            if sha256(bytes.fromhex(part["salt"]) + encode(part["body"])) != h["parts"].get(name):
                raise Refused("F-702", f"event {self.seq}: part {name!r} is not what the header commits to")
        if set(record["parts"]) != {"public"}:
            raise Refused("F-703", f"event {self.seq} has the parts {sorted(record['parts'])}")
        kind = f"{self.type}/{h['type_version']}"
        if kind not in TYPES:
            raise Refused("F-704", f"event {self.seq}: type {kind} is unknown")
        self.body = check(record["parts"]["public"]["body"], TYPES[kind], "F-704", f"event {self.seq}")


class Chain:
    """The keys of one name: public bytes with the seq of the event that announced each."""

    def __init__(self, key_id, first, seq):
        self.id, self.links = key_id, [(first, seq)]

    def until(self, link):
        return self.links[link + 1][1] if link + 1 < len(self.links) else None

    def in_force(self, seq):
        """The place of the key in force just before the event (F-605)."""
        return next(i for i in range(len(self.links)) if self.until(i) is None or seq <= self.until(i))

    def find(self, fingerprint):
        return next((i for i, (public, _) in enumerate(self.links) if sha256(public) == fingerprint), -1)

    def open(self, note):
        """The text of a note by one of the keys, and which."""
        refused = None
        for i in reversed(range(len(self.links))):
            try:
                return open_note(note, self.id, self.links[i][0]), i
            except Refused as r:
                refused = refused or r
        raise refused

    def may_sign(self, link, size):
        """F-604."""
        until = self.until(link)
        if until is not None and size > until:
            raise Refused("F-604", f"size {size} is signed by a key that event {until} replaced")

    def checkpoint(self, note):
        """Size, root and signer of a checkpoint (F-804)."""
        text, link = self.open(note)
        origin, size, root = parse_checkpoint(text)
        if origin != self.id:
            raise Refused("F-804", f"origin {origin!r}, want {self.id!r}")
        self.may_sign(link, size)
        return size, root, link


def public_key(text, rule):
    raw = unbase64(text, rule)
    if len(raw) != 32:
        raise Refused(rule, "a key has not 32 bytes")
    return raw


class Keyring:
    """The chains of all names, and how they grow (F-602, F-603)."""

    def __init__(self, installation, epoch):
        self.installation, self.epoch, self.chains = installation, epoch, {}

    def created(self, name, public, seq):
        if name in self.chains:
            raise Refused("F-603", f"event {seq} announces the {name} key a second time")
        key_id = f"dc-release/{self.installation}/{self.epoch}" if name == "ledger" else f"{self.installation}/{name}"
        self.chains[name] = Chain(key_id, public, seq)

    def rotated(self, r, seq):
        chain = self.chains.get(r["name"])
        if chain is None:
            raise Refused("F-602", f"event {seq} rotates the {r['name']} key, which was never announced")
        old, new = public_key(r["old"], "F-602"), public_key(r["new"], "F-602")
        text = "\n".join(["dc-release/key-rotation/v1", r["installation"], r["name"], r["old"], r["new"], ""]).encode()
        known = [public for c in self.chains.values() for public, _ in c.links]
        good = (
            r["algorithm"] == "ed25519" and r["installation"] == self.installation and old == chain.links[-1][0] and new not in known and old != new
            and r["old_id"] == sha256(old) and r["new_id"] == sha256(new) and seq > chain.links[-1][1] and text.count(b"\n") == 5 and b"\r" not in text
            and ed25519(old, text, unbase64(r["by_old"], "F-602")) and ed25519(new, text, unbase64(r["by_new"], "F-602"))
        )  # fmt: skip
        if not good:
            raise Refused("F-602", f"event {seq} is no rotation of the {r['name']} key by both keys")
        chain.links.append((new, seq))


KEY = fields("name id algorithm public fingerprint signs")
KEYS = fields("schema installation", epoch="i", keys=("l", KEY), rotations_optional=("l", None))


class Keys(Keyring):
    """keys.json (F-601)."""

    def __init__(self, data):
        k = check(decode(data), KEYS)
        super().__init__(k["installation"], k["epoch"])
        self.first, self.rotations = k["keys"], []
        rotated = k["schema"] == "dc-release/keys/v2"
        if k["schema"] not in ("dc-release/keys/v1", "dc-release/keys/v2") or rotated != bool(k.get("rotations")) or rotated != ("rotations" in k):
            raise Refused("F-601", f"schema {k['schema']!r} and its rotations do not fit")
        if [x["name"] for x in k["keys"]] != list(NAMES):
            raise Refused("F-601", "the keys are not ledger, attest, document")
        for x in k["keys"]:
            public = public_key(x["public"], "F-601")
            self.created(x["name"], public, 0)
            if x["algorithm"] != "ed25519" or x["fingerprint"] != sha256(public) or x["id"] != self.chains[x["name"]].id:
                raise Refused("F-601", f"the {x['name']} key has another id, algorithm or fingerprint")
        for record in k.get("rotations", []):
            e = Event(record)
            if e.type != "key.rotated" or e.stream != "installation" or (self.rotations and e.seq <= self.rotations[-1].seq):
                raise Refused("F-602", f"event {e.seq} is no rotation, or out of order")
            self.rotated(e.body, e.seq)
            self.rotations.append(e)

    def extends(self, older):
        """F-606."""
        same = (self.installation, self.epoch, self.first) == (older.installation, older.epoch, older.first)
        mine, others = [r.raw for r in self.rotations], [r.raw for r in older.rotations]
        return same and mine[: len(others)] == others
