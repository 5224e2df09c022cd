"""The ledger part of a folder: section 9 of docs/release-log-format.md."""

from keys import Event, Keyring
from primitives import Refused, check, check_consistency, check_inclusion, decode, fields, unbase64

STREAM = fields("schema stream", **{"from": "i"}, records=("l", None))
CONTEXT = fields("schema", records=("l", None))
PROOFS = fields(
    "schema origin", size="i", inclusion=("l", {"seq": ("i", False), "path": (("l", "t"), False)}),
    consistency=("l", {"from": ("i", False), "part": ("t", False), "path": (("l", "t"), False)}),
)  # fmt: skip


class Part:
    def __init__(self, folder, size, root, signer):
        self.folder, self.size, self.root, self.signer, self.proofs, self.seen = folder, size, root, signer, {}, set()


class History:
    """All parts of a folder put together. find(rule, file, message, seq) takes what is wrong."""

    def __init__(self, files, keys, find):
        self.files, self.keys, self.find = files, keys, find
        self.streams, self.file, self.whole, self.parts = {}, {}, set(), []
        chain = keys.chains["ledger"]
        for folder in sorted({name.rpartition("/")[0] for name in files if name.startswith("ledger/")}):
            note = files.get(folder + "/checkpoint")
            if note is None:
                raise Refused("F-901", f"{folder} has no checkpoint")
            self.parts.append(Part(folder, *chain.checkpoint(note)))
        if not self.parts:
            raise Refused("F-901", "there is no part of the ledger")
        self.parts.sort(key=lambda p: p.size)
        for before, part in zip([None, *self.parts], self.parts):
            self.read(part, before)
        for events in self.streams.values():
            events.sort(key=lambda e: e.seq)

    def read(self, part, before):
        """One part: its proofs, then its records."""
        name = part.folder + "/proofs.json"
        try:
            if name not in self.files:
                raise Refused("F-901", "is not here")
            p = check(decode(self.files[name]), PROOFS, "F-901")
            if (p["schema"], p["origin"], p["size"]) != ("dc-release/ledger-proofs/v1", self.keys.chains["ledger"].id, part.size):
                raise Refused("F-902", f"are no proofs in the checkpoint of size {part.size}")
            order = [x["seq"] for x in p["inclusion"]]
            if order != sorted(set(order)):
                raise Refused("F-902", "the proofs are not in order")
            part.proofs = {x["seq"]: x["path"] for x in p["inclusion"]}
            self.extends(part, before, p["consistency"])
        except Refused as r:
            self.find(r.rule, name, r.message)
        for file in sorted(self.files):
            if file.rpartition("/")[0] == part.folder and file.rpartition("/")[2] not in ("checkpoint", "proofs.json"):
                try:
                    self.records(part, file)
                except Refused as r:
                    self.find(r.rule, file, r.message)
        for seq in sorted(set(part.proofs) - part.seen):
            self.find("F-902", name, "is proven and not here", seq)

    def extends(self, part, before, proofs):
        """F-903."""
        if before is None:
            if proofs:
                raise Refused("F-903", "the first part extends nothing")
            return
        if len(proofs) != 1 or (proofs[0]["part"], proofs[0]["from"]) != (before.folder, before.size):
            raise Refused("F-903", f"there is no proof that it extends {before.folder}")
        try:
            check_consistency(proofs[0]["path"], before.size, before.root, part.size, part.root)
        except Refused as r:
            raise Refused("F-903", r.message) from None

    def records(self, part, file):
        value, base = decode(self.files[file]), file.rpartition("/")[2]
        stream, version = None, 0
        if base == "context.json":
            value = check(value, CONTEXT, "F-901")
            good = value["schema"] == "dc-release/ledger-context/v1"
        else:
            value = check(value, STREAM, "F-901")
            stream, version = value["stream"], value["from"]
            good = value["schema"] == "dc-release/ledger-stream/v1" and base == stream.replace("/", "~") + ".json"
            self.whole.add(stream)
        if not good:
            raise Refused("F-901", "is no stream of this name, and no context")
        for i, record in enumerate(value["records"]):
            try:
                e = Event(record)
            except Refused as r:
                self.find(r.rule, file, f"record {i + 1}: {r.message}")
                continue
            if stream is not None and (e.stream, e.version) != (stream, version + i):
                self.find("F-904", file, f"is version {e.version} of {e.stream}, want version {version + i} of {stream}", e.seq)
            if e.seq in self.file:
                self.find("F-902", file, "stands twice", e.seq)
                continue
            self.file[e.seq] = file
            part.seen.add(e.seq)
            self.streams.setdefault(e.stream, []).append(e)
            try:
                if e.seq not in part.proofs:
                    raise Refused("F-902", "there is no proof")
                check_inclusion(part.proofs[e.seq], part.size, part.root, e.seq, e.leaf)
            except Refused as r:
                self.find(r.rule, file, r.message, e.seq)

    def gapless(self, rollback):
        """F-904."""
        for stream, events in self.streams.items():
            if stream == "installation":
                for e in events:
                    if e.type not in ("installation.created", "key.created", "key.rotated"):
                        self.find("F-904", self.file[e.seq], f"{e.type} of the installation is not published", e.seq)
                continue
            free = stream.startswith("environment/") and not rollback
            if events[0].version != 1 and not free:
                self.find("F-904", self.file[events[0].seq], f"{stream} begins with version {events[0].version}", events[0].seq)
            for before, e in zip(events, events[1:]):
                if e.version != before.version + 1:
                    self.find("F-904", self.file[e.seq], f"{stream}: version {e.version} follows {before.version}", e.seq)
                if e.time < before.time:
                    self.find("F-904", self.file[e.seq], f"{stream}: time runs backwards", e.seq)

    def announced(self):
        """F-603, F-607: the keys that the ledger announced are those of keys.json."""
        ring = Keyring("", 0)
        for e in self.streams.get("installation", []):
            try:
                if e.type == "installation.created":
                    ring.installation, ring.epoch = e.body["installation"], e.body["epoch"]
                elif e.type == "key.created" and e.body["algorithm"] == "ed25519":
                    ring.created(e.body["name"], unbase64(e.body["public"], "F-603"), e.seq)
                elif e.type == "key.rotated":
                    ring.rotated(e.body, e.seq)
            except Refused as r:
                self.find(r.rule, self.file[e.seq], r.message, e.seq)
        if (ring.installation, ring.epoch) != (self.keys.installation, self.keys.epoch):
            self.find("F-607", "keys.json", f"are of {self.keys.installation} epoch {self.keys.epoch}, the ledger of {ring.installation} epoch {ring.epoch}")
        for name, mine in self.keys.chains.items():
            links = ring.chains[name].links if name in ring.chains else []
            fits = links and [k for k, _ in links] == [k for k, _ in mine.links[: len(links)]] and [s for _, s in links[1:]] == [s for _, s in mine.links[1 : len(links)]]
            if not fits or any(seq <= self.parts[-1].size for _, seq in mine.links[len(links) :]):
                self.find("F-607", "keys.json", f"the {name} keys are not those that the ledger announced")
