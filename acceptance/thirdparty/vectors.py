#!/usr/bin/env python3
"""Holds the verifier against the test vectors of docs/release-log-format.md (section 21).

    vectors.py DIRECTORY

DIRECTORY is docs/testdata/format. It prints what differs; exit code 0 when nothing does, else 1.
"""

import base64
import json
import os
import sys
import tempfile

import reports
import results
from keys import Event, Keys
from primitives import (
    Refused, check_consistency, check_inclusion, decode, ed25519, encode, leaf, loose, node, open_envelope, open_note, parse_checkpoint, root, sha256,
)  # fmt: skip
from verify import Folder


class Run:
    def __init__(self, folder):
        self.folder, self.done, self.wrong = folder, 0, []

    def bytes(self, name):
        with open(os.path.join(self.folder, name), "rb") as f:
            return f.read()

    def json(self, name):
        return json.loads(self.bytes(name))

    def same(self, what, got, want):
        self.done += 1
        if got != want:
            self.wrong.append(f"{what}: got {got!r:.200}, want {want!r:.200}")

    def refused(self, what, rule, do):
        """Something that is refused, with one of the rules."""
        self.done += 1
        rules = [rule] if isinstance(rule, str) else rule
        try:
            do()
            self.wrong.append(f"{what}: accepted, want {rules}")
        except Refused as r:
            if r.rule not in rules:
                self.wrong.append(f"{what}: refused by {r.rule} ({r.message}), want {rules}")

    def all(self):
        for check in (self.canonical, self.event, self.tree, self.merkle, self.signed, self.notes, self.rotation, self.acceptance, self.reports, self.release_log, self.tampered):
            check()

    def canonical(self):
        v = self.json("canonical.json")
        for x in v["accepted"]:
            self.same(f"canonical {x['in']!r}", encode(loose(x["in"].encode())).decode(), x["out"])
            self.same(f"canonical {x['out']!r}", encode(decode(x["out"].encode())).decode(), x["out"])
        for x in v["refused"]:
            data = base64.b64decode(x["in_base64"]) if "in_base64" in x else x["in"].encode()
            self.refused(f"canonical {data!r:.60} ({x['why']})", ["F-201", "F-202", "F-203"], lambda data=data: decode(data))

    def event(self):
        record = decode(self.bytes("record.json"))
        self.same("header", encode(record["header"]), self.bytes("header.json"))
        part = record["parts"]["public"]
        self.same("commitment", sha256(bytes.fromhex(part["salt"]) + encode(part["body"])), record["header"]["parts"]["public"])
        self.same("event", Event(record).seq, 2)

    def tree(self):
        t = self.json("tree.json")
        leaves = [leaf(b'{"seq":1}'), leaf(self.bytes("header.json")), leaf(b'{"seq":3}')]
        self.same("leaves", [h.hex() for h in leaves], t["leaves"])
        self.same("roots", [root(leaves[:n]).hex() for n in (1, 2, 3)], t["roots"])
        check_inclusion(t["inclusion"], 3, root(leaves), 2, leaves[1])
        check_consistency(t["consistency"], 2, root(leaves[:2]), 3, root(leaves))
        self.done += 2

    def merkle(self):
        v = self.json("merkle.json")
        leaves = [leaf(text.encode()) for text in v["data"]]
        roots = [root(leaves[:n]) for n in range(len(leaves) + 1)]
        self.same("roots", [h.hex() for h in roots], v["roots"])
        for x in v["inclusion"]:
            check_inclusion(x["path"], x["size"], roots[x["size"]], x["seq"], leaves[x["seq"] - 1])
            self.done += 1
        for x in v["consistency"]:
            check_consistency(x["path"], x["from"], roots[x["from"]], x["to"], roots[x["to"]])
            self.done += 1
        for x in v["wrong_inclusion"]:
            self.refused(f"inclusion, {x['why']}", "F-801", lambda x=x: check_inclusion(x["path"], x["size"], bytes.fromhex(x["root"]), x["seq"], bytes.fromhex(x["leaf"])))
        for x in v["wrong_consistency"]:
            self.refused(f"consistency, {x['why']}", "F-802", lambda x=x: check_consistency(
                x["path"], x["from"], bytes.fromhex(x["from_root"]), x["to"], bytes.fromhex(x["to_root"])))  # fmt: skip

    def signed(self):
        keys = Keys(self.bytes("keys.json"))
        size, hash_, _ = keys.chains["ledger"].checkpoint(self.bytes("checkpoint"))
        self.same("checkpoint", (size, hash_.hex()), (3, self.json("tree.json")["roots"][2]))
        text, _ = keys.chains["document"].open(self.bytes("index.note"))
        self.same("index.note", text.splitlines()[4], sha256(self.bytes("index.json")))
        attest = keys.chains["attest"].links[0][0]
        for name, kind in (("envelope.json", "application/vnd.dc-release.signature+json"), ("attestation.json", "application/vnd.in-toto+json")):
            body, pae, _, signature = open_envelope(self.bytes(name), kind)
            self.same(name, ed25519(attest, pae, signature), True)
            decode(body)
        body = decode(open_envelope(self.bytes("envelope.json"), "application/vnd.dc-release.signature+json")[0])
        self.same("payload", body["payload_sha256"], sha256(self.bytes("payload.json")))

    def notes(self):
        v = self.json("notes.json")
        public = base64.b64decode(v["public"])
        for x in v["refused"]:
            note = base64.b64decode(x["note"])
            self.refused(f"note, {x['why']}", x["rules"], lambda note=note: parse_checkpoint(open_note(note, v["name"], public)))

    def rotation(self):
        v = self.json("rotation.json")
        keys = Keys(encode(v["keys"]))
        self.same("rotations", [len(c.links) for c in keys.chains.values()], v["links"])
        for x in v["refused"]:
            self.refused(f"rotation, {x['why']}", x["rules"], lambda x=x: Keys(encode(x["keys"])))

    def acceptance(self):
        v = self.json("acceptance.json")
        found = results.acceptances([Event(r) for r in v["records"]])
        made = found[0].protocol(results.read_script(encode(v["script"])))
        self.same("protocol", made, encode(v["protocol"]))
        self.same("protocol's digest", sha256(made), found[0].submitted["protocol"])
        self.same("count", results.protocol_count(made).numbers(), v["counts"])

    def reports(self):
        v = self.json("reports.json")
        for x in v["read"]:
            what = f"report {x['name']}"
            if x.get("refused"):
                self.refused(what, "F-412", lambda x=x: reports.read(x["kind"], x["report"].encode()))
                continue
            r = reports.read(x["kind"], x["report"].encode())
            counts = reports.count(x["kind"], x["report"].encode())
            self.same(what, {k: n for k, n in counts.items() if n and k != "size"}, x.get("counts", {}))
            subjects = r["subjects"] if x["kind"] == "provenance" else r[1] if x["kind"] in ("sbom", "vex") else []
            self.same(what, subjects, x.get("subjects", []))
            found = r if x["kind"] == "scan" else []
            said = [{"names": f["names"], "severity": f["severity"], "subject": f["subject"], "suppressed": f["assessed"]} for f in found]
            self.same(what, said, x.get("findings", []))
            said = [{"names": a["names"], "everything": a["whole"]} for a in (r[0] if x["kind"] == "vex" else [])]
            self.same(what, said, x.get("assessments", []))
        for x in v["decided"]:
            files, parts = [(f["path"], f["sha256"]) for f in x["files"]], {p["name"]: p["tree"] for p in x["parts"]}
            handed = [(r["kind"], r["report"].encode()) for r in x["reports"]]
            waivers = [(w["check"], w["item"]) for w in x["waivers"]]
            self.same(f"decided {x['name']}", reports.missing(x["scans"], x["place"], x["kept"], files, parts, handed, waivers), x["missing"])

    def release_log(self):
        for name in ("1.0.0", "rollbacks/prd-1"):
            folder = Folder(os.path.join(self.folder, "release-log"), name, None)
            self.same(name, (folder.verify(), folder.findings), (True, []))

    def tampered(self):
        log = {}
        for folder, _, names in os.walk(os.path.join(self.folder, "release-log")):
            for name in names:
                path = os.path.relpath(os.path.join(folder, name), os.path.join(self.folder, "release-log"))
                log[path.replace(os.sep, "/")] = self.bytes(os.path.join("release-log", path))
        with tempfile.TemporaryDirectory() as scratch:
            for n, c in enumerate(self.json("tampered.json")):
                changed = dict(log)
                for path, s in c["files"].items():
                    if s is None:
                        del changed[path]
                        continue
                    old = log.get(path, b"")
                    changed[path] = old[: s["start"]] + s["text"].encode() + old[s["end"] :]
                to = os.path.join(scratch, str(n))
                for path, data in changed.items():
                    os.makedirs(os.path.dirname(os.path.join(to, path)), exist_ok=True)
                    with open(os.path.join(to, path), "wb") as f:
                        f.write(data)
                folder = Folder(to, c["base"], None)
                folder.verify()
                rules = {f["rule"] for f in folder.findings}
                self.done += 1
                if not rules & set(c["rules"]):
                    self.wrong.append(f"tampered, {c['name']}: {sorted(rules)}, want one of {c['rules']}: {folder.findings[:2]}")


def main(arguments):
    run = Run(arguments[0])
    run.all()
    print("\n".join(run.wrong + [f"{run.done} vectors, {len(run.wrong)} differ"]))
    return 1 if run.wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
