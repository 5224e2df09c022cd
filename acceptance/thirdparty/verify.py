#!/usr/bin/env python3
"""Verifies one folder of a release log by docs/release-log-format.md alone: nothing of dc-release is used, and nothing but Python's
standard library.

    verify.py RELEASE-LOG FOLDER [--trust FILE] [--json]

FOLDER is a version or rollbacks/ID. Exit code 0: verified, 7: there are findings, 2: wrong use. It reads no time stamps, of seals of PDF files
the list with its digests only, and counts the formats junit, installation, task-runs, job-conclusion and acceptance-protocol again; it names what it did not check.
"""

import json
import os
import re
import stat
import sys

from content import Content
from history import History
from keys import NAMES, Keys
from primitives import Refused, check, decode, ed25519, fields, is_digest, loose, open_envelope, sha256, unbase64
from statements import Statements

INDEX = fields(
    "schema installation solution folder version publication gate state previous",
    ledger=fields("origin part", size="i"), files=("l", fields("path sha256", size="i")),
    externals=("l", fields("name sha256 why", size="i", external="b")),
)  # fmt: skip
ROOT = fields(
    "schema installation solution publication keys?",
    releases=("l", fields("version state index by")), rollbacks=("l", fields("rollback environment from to index")),
)  # fmt: skip
TRUST = {**fields("schema installation", fingerprints=("m", "t")), "witnesses": (("m", "t"), True), "anchors": (("l", "t"), True)}
MOST = 256 << 20  # bytes of a file


def check_path(path):
    """F-302."""
    bad = re.search('[\x00-\x1f\x7f-\x9f\u200b-\u202f\u2060-\u206f\ufeff\ufffd\\\\:*?"<>|]', path)
    elements = path.split("/")
    if bad or len(path.encode()) > 400 or any(e in ("", ".", "..") or e[-1] in ". " or e.lower().startswith(".git") for e in elements):
        raise Refused("F-302", f"path {path!r} is not portable")


class Folder:
    """One folder while it is verified."""

    def __init__(self, log, name, trust):
        self.log, self.name, self.trust = log, name, trust
        self.files, self.findings, self.kinds, self.uncounted = {}, [], {}, []
        self.counts = {"files": 0, "events": 0, "signatures": 0, "statements": 0, "evidence": 0, "recounted": 0, "checkpoints": 0}
        self.state, self.trusted = "", "none"

    def find(self, rule, file, message, seq=0):
        self.add(rule, f"{self.name}/{file}", message, seq)

    def add(self, rule, file, message, seq=0):
        finding = {"rule": rule, "file": file, "seq": seq, "message": message}
        if finding not in self.findings:
            self.findings.append(finding)

    def verify(self):
        try:
            check_path(self.name)
            self.read()
            self.integrity()
            self.root()
            self.external_files()
            self.ledger()
        except Refused as r:
            self.find(r.rule, getattr(r, "file", ""), r.message)
        return not self.findings

    # --- files, index, keys (20.1, step 1) ---

    def read(self):
        for folder, folders, names in os.walk(os.path.join(self.log, self.name)):
            for name in names + [d for d in folders if os.path.islink(os.path.join(folder, d))]:
                path = os.path.join(folder, name)
                relative = os.path.relpath(path, os.path.join(self.log, self.name)).replace(os.sep, "/")
                info = os.lstat(path)
                if not stat.S_ISREG(info.st_mode) or info.st_size > MOST:
                    self.find("F-301", relative, "is no plain file, or too large")
                    continue
                with open(path, "rb") as f:
                    self.files[relative] = f.read()
        self.counts["files"] = len(self.files)

    def integrity(self):
        for name in ("index.json", "index.note", "keys.json"):
            if name not in self.files:
                raise at(name, Refused("F-303", "is not here"))
        self.keys = within("keys.json", lambda: Keys(self.files["keys.json"]))
        self.index = within("index.json", lambda: self.read_index(self.files["index.json"]))
        self.state = self.index["state"]
        listed = {x["path"]: x for x in self.index["files"]}
        for path in sorted(set(listed) | set(self.files) - {"index.json", "index.note"}):
            if path not in self.files or path not in listed:
                self.find("F-304", path, "is in the index and not here" if path in listed else "is here and not in the index")
                continue
            data, x = self.files[path], listed[path]
            if sha256(data) != x["sha256"] or len(data) != x["size"]:
                self.find("F-305", path, f"has digest {sha256(data)} and {len(data)} bytes, the index says {x['sha256']} and {x['size']}")
            if path.endswith(".json") and not path.startswith(("evidence/", "artifact/")):
                try:
                    decode(data)
                except Refused as r:
                    self.find(r.rule, path, r.message)
        self.established()
        self.note()
        for rule, bad, message in (
            ("F-403", self.index["folder"] != self.name, f"is of folder {self.index['folder']!r}"),
            ("F-403", self.index["installation"] != self.keys.installation, "is of another installation than the keys"),
            ("F-404", self.index["state"] not in ("draft", "authorised"), f"state {self.index['state']!r}"),
        ):
            if bad:
                self.find(rule, "index.json", message)

    @staticmethod
    def read_index(data):
        raw = decode(data)
        x = check(raw, INDEX, "F-401")
        paths = [f["path"] for f in x["files"]]
        for path in paths:
            check_path(path)
        names = [(e["name"].encode(), e["sha256"]) for e in x["externals"]]
        if x["schema"] != "dc-release/release-index/v1" or raw["files"] is None or raw["externals"] is None:
            raise Refused("F-401", "another schema, or lists that are null")
        if [p.encode() for p in paths] != sorted({p.encode() for p in paths}) or names != sorted(names):
            raise Refused("F-401", "its lists are not sorted")
        if any(not is_digest(f["sha256"]) or f["size"] < 0 for f in x["files"]):
            raise Refused("F-401", "a file has no digest and size")
        return x

    def note(self):
        x, chain = self.index, self.keys.chains["document"]
        try:
            text, link = chain.open(self.files["index.note"])
            chain.may_sign(link, x["ledger"]["size"])
            want = [x["schema"], self.keys.installation, f"{x['solution']}/{self.name}", x["publication"], sha256(self.files["index.json"]), ""]
            if text != "\n".join(want):
                raise Refused("F-402", "signs another index, folder or publication")
            self.by_established("index.note", "document", link)
        except Refused as r:
            self.find(r.rule if r.rule != "F-803" else "F-402", "index.note", r.message)

    # --- trust (6.2) ---

    def established(self):
        t = self.trust
        if t is None:
            return
        self.trusted = "verified"
        if t["installation"] != self.keys.installation:
            self.distrust("keys.json", "is of another installation than the trust file")
        for name in NAMES:
            if self.known(name) < 0:
                self.distrust("keys.json", f"no {name} key is that of the trust file")

    def known(self, name):
        return self.keys.chains[name].find(self.trust["fingerprints"].get(name))

    def by_established(self, file, name, link):
        if self.trust and link < self.known(name):
            self.distrust(file, f"is by a {name} key from before the one of the trust file")

    def distrust(self, file, message):
        self.trusted = "refused"
        self.find("F-609", file, message)

    # --- root (5) and externals ---

    def root(self):
        there = {}
        for name in ("index.json", "index.note", "INDEX.md", "keys.json"):
            try:
                with open(os.path.join(self.log, name), "rb") as f:
                    there[name] = f.read(MOST)
            except OSError:
                if name != "keys.json":
                    self.add("F-501", name, "is not here")
        if "index.json" not in there:
            return
        try:
            x = check(decode(there["index.json"]), ROOT, "F-501")
            if x["schema"] != ("dc-release/release-log/v2" if "keys" in x else "dc-release/release-log/v1"):
                raise Refused("F-501", f"schema {x['schema']!r}")
        except Refused as r:
            self.add(r.rule, "index.json", r.message)
            return
        before = len(self.findings)
        self.root_note(x, there)
        if "INDEX.md" in there and there["INDEX.md"] != markdown(x):
            self.add("F-503", "INDEX.md", "does not say what index.json says")
        if (x["solution"], x["installation"]) != (self.index["solution"], self.index["installation"]):
            self.add("F-504", "index.json", "is of another solution or installation")
        named = [e for e in x["releases"] if e["version"] == self.name] + [e for e in x["rollbacks"] if "rollbacks/" + e["rollback"] == self.name]
        if not named or named[0]["index"] != sha256(self.files["index.json"]):
            self.add("F-505", "index.json", f"does not name the index of {self.name}")
        state = named[0].get("state", "") if named else ""
        if self.index["state"] == "draft" and state in ("effective", "superseded", "re-instated"):
            self.add("F-506", "index.json", f"says that {self.name} is {state}, its folder is a draft")
        if state and self.index["state"] == "authorised" and len(self.findings) == before:
            self.state = state

    def root_note(self, x, there):
        keys = self.keys
        try:
            if "keys.json" in there or "keys" in x or self.keys.rotations:
                if sha256(there.get("keys.json", b"")) != x.get("keys"):
                    raise Refused("F-507", "is not the file that index.json names")
                keys = Keys(there["keys.json"])
                if not keys.extends(self.keys):
                    raise Refused("F-507", "does not extend the keys of the folder")
        except Refused as r:
            self.add(r.rule if r.rule[:3] != "F-2" else "F-507", "keys.json", r.message)
            keys = self.keys
        if "index.note" not in there:
            return
        try:
            text, link = keys.chains["document"].open(there["index.note"])
            want = [x["schema"], x["installation"], x["solution"], x["publication"], sha256(there["index.json"]), ""]
            if text != "\n".join(want) or keys.chains["document"].until(link) is not None:
                raise Refused("F-502", "signs another index, or is by a key that was replaced")
        except Refused as r:
            self.add("F-502", "index.note", r.message)

    def external_files(self):
        for x in self.index["externals"]:
            if not x["external"] or not is_digest(x["sha256"]) or x["size"] < 0:
                self.find("F-407", "index.json", f"external {x['name']!r} has no digest and size")

    # --- ledger and what rests on it ---

    def ledger(self):
        self.history = within("ledger", lambda: History(self.files, self.keys, self.find))
        h = self.history
        self.counts["events"], self.counts["checkpoints"] = len(h.file), len(h.parts)
        last = h.parts[-1]
        self.by_established(last.folder + "/checkpoint", "ledger", last.signer)
        h.gapless(self.name.startswith("rollbacks/"))
        h.announced()
        if self.trust and self.known("attest") > 0 and self.keys.chains["attest"].links[self.known("attest")][1] > last.size:
            self.distrust("keys.json", "the attest key of the trust file came after everything that is here")
        if self.index["ledger"] != {"origin": self.keys.chains["ledger"].id, "size": last.size, "part": last.folder}:
            self.find("F-409", "index.json", "says another ledger position than the last part")
        if not self.subject():
            return
        self.publication()
        content = Content(self)
        content.signatures()
        Statements(self, content).verify()
        consumed = content.gates()
        content.evidence()
        content.documents(consumed)
        content.seals()
        content.asked(consumed)

    def subject(self):
        """F-905 and F-906: own and run are the events that the folder is about."""
        solution, streams, self.run = self.index["solution"], self.history.streams, []
        place = re.fullmatch("rollbacks/(([^-]+)-.+)", self.name)
        if place:
            stream = f"environment/{solution}/{place[2]}"
            events = streams.get(stream, []) if stream in self.history.whole else []
            begin = [i for i, e in enumerate(events) if e.type == "rollback.requested" and e.body["rollback"] == place[1]]
            self.own = events[begin[0] :] if begin else []
        else:
            self.own = streams.get(f"release/{solution}/{self.name}", [])
            first = self.own[0] if self.own else None
            version = self.index["version"]
            if first is None or first.type != "release.registered" or (first.body["solution"], first.body["version"], version) != (solution, self.name, self.name):
                self.own = []
            else:
                self.run = streams.get("run/" + first.body["run"], [])
                if not self.run or self.run[0].type != "run.started":
                    self.find("F-906", "ledger", "the run of the release is not here")
                    self.run = []
        if not self.own:
            self.find("F-905", "index.json", f"the stream that {self.name} of {solution} is about is not here")
        return bool(self.own)

    def publication(self):
        x, last = self.index, self.own[-1]
        asked = (last.body["publication"], last.body["gate"], last.body["folder"], last.seq) if last.type == "publication.intended" else None
        if asked != (x["publication"], x["gate"], self.name, x["ledger"]["size"]):
            self.find("F-405", self.history.file[last.seq], f"the subject ends with {last.type}, not with the publication of this index", last.seq)
        parts = self.history.parts
        if (len(parts) == 1) != (x["previous"] == ""):
            self.find("F-406", "index.json", f"names predecessor {x['previous']!r} in a folder of {len(parts)} parts")
        for e in self.own:
            if e.type == "publication.done" and len(parts) > 1 and e.body["size"] == parts[-2].size and e.body["index"] != x["previous"]:
                self.find("F-406", "index.json", f"names predecessor {x['previous']}, the ledger says {e.body['index']}")
        types, final = {e.type for e in self.own}, x["state"] == "authorised"
        if self.name.startswith("rollbacks/"):
            good = final
        else:
            good = final == (x["gate"] == "approve_for_use") == ("release.authorised" in types)
        if not good or "release.rejected" in types:
            self.find("F-404", "index.json", f"says {x['state']} after gate {x['gate']}, the ledger says otherwise")

    def unseal(self, data, kind, seq):
        """The body of an envelope by the attest key in force at an event (F-1103, F-605)."""
        body, pae, key_id, signature = open_envelope(data, kind)
        chain = self.keys.chains["attest"]
        if key_id != chain.id:
            raise Refused("F-1103", f"is sealed by {key_id!r}")
        at_seq = chain.in_force(seq)
        if not ed25519(chain.links[at_seq][0], pae, signature):
            other = any(ed25519(public, pae, signature) for public, _ in chain.links)
            raise Refused("F-605" if other else "F-1103", "is not sealed by the attest key in force")
        return body

    # --- what is said (20.2) ---

    def report(self):
        seals = [f for f in self.files if f.endswith(".pdf") and f.startswith("final/")] if "seals.json" in self.files else []
        return {
            "subject": self.name, "ok": not self.findings, "trust": self.trusted, "state": self.state, "findings": self.findings, "counts": self.counts,
            "signatures": self.kinds, "unchecked": {"externals": len(getattr(self, "index", {}).get("externals", [])), "uncounted": self.uncounted, "seals": len(seals)},
        }  # fmt: skip

    def text(self):
        r = self.report()
        first = {"verified": "issuer: the keys are those of the trust file", "refused": "issuer: the keys are NOT those of the trust file"}
        said = "self-consistent; issuer not established" if r["ok"] else "issuer not established"
        lines = [first.get(r["trust"], said), f"{self.name}: {'verified' if r['ok'] else str(len(r['findings'])) + ' findings'}; state: {r['state']}"]
        lines.append(", ".join(f"{n} {what}" for what, n in r["counts"].items()))
        lines += [f"{n} signatures are {kind}" for kind, n in r["signatures"].items()]
        lines.append(f"not checked: {r['unchecked']['externals']} external files, {r['unchecked']['seals']} seals, time stamps")
        lines += [f"not counted again: {name}" for name in r["unchecked"]["uncounted"]]
        for f in r["findings"]:
            lines.append(f"{f['file']}{' event ' + str(f['seq']) if f['seq'] else ''}: {f['message']} [{f['rule']}]")
        return "".join(printable(line) + "\n" for line in lines)


def printable(line):
    """A line without control characters: what it quotes was written by others."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in line)


def at(file, refused):
    refused.file = file
    return refused


def within(file, do):
    try:
        return do()
    except Refused as r:
        raise at(file, r) from None


def markdown(x):
    """INDEX.md (section 5)."""
    out = [f"# Releases of {x['solution']}", "", "Written by dc-release; edits are found by verification.", ""]
    out += ["| version | state | note | index.json (SHA-256) |", "|---|---|---|---|"]
    for e in x["releases"]:
        v = e["version"]
        link, digest = (f"[{v}]({v}/index.json)", f"`{e['index']}`") if e["index"] else (v, "-")
        out.append(f"| {link} | {e['state']} | {'by ' + e['by'] if e['by'] else ''} | {digest} |")
    if x["rollbacks"]:
        out += ["", "## Rollbacks", "", "| rollback | environment | from | to | index.json (SHA-256) |", "|---|---|---|---|---|"]
        out += [f"| [{r['rollback']}](rollbacks/{r['rollback']}/index.json) | {r['environment']} | {r['from']} | {r['to']} | `{r['index']}` |" for r in x["rollbacks"]]
    return "".join(line + "\n" for line in out).encode()


def read_trust(path):
    with open(path, "rb") as f:
        t = check(loose(f.read()), TRUST, "F-608")
    extended = "witnesses" in t or "anchors" in t
    if t["schema"] not in ("dc-release/trust/v1", "dc-release/trust/v2") or (extended and t["schema"].endswith("v1")):
        raise Refused("F-608", f"schema {t['schema']!r}")
    if any(not is_digest(t["fingerprints"].get(name)) for name in NAMES):
        raise Refused("F-608", "does not name the fingerprints of all three keys")
    for public in t.get("witnesses", {}).values():
        if len(unbase64(public, "F-608")) != 32:
            raise Refused("F-608", "the key of a witness has not 32 bytes")
    return t


def main(arguments):
    trust, as_json = None, "--json" in arguments
    arguments = [a for a in arguments if a != "--json"]
    try:
        if "--trust" in arguments:
            i = arguments.index("--trust")
            trust = read_trust(arguments[i + 1])
            del arguments[i : i + 2]
        log, name = arguments
    except (ValueError, IndexError, OSError, Refused) as problem:
        print(f"verify.py: {problem}\n{__doc__}", file=sys.stderr)
        return 2
    folder = Folder(log, name, trust)
    try:
        folder.verify()
    except Exception as problem:  # F-2003: whatever is in a folder ends in a finding
        folder.add("F-2003", name, f"cannot be read: {problem!r}")
    sys.stdout.write(json.dumps(folder.report(), indent=1) + "\n" if as_json else folder.text())
    return 7 if folder.findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
