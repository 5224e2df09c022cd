"""In-toto statements made again from the ledger: section 16 of docs/release-log-format.md."""

import hashlib
import re

from content import job_of
from primitives import Refused, check, decode, encode, fields

PAGE = "https://github.com/dc-release/dc-release/blob/main/docs/release-log-format.md#"
PART = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
IN_TOTO = "application/vnd.in-toto+json"
SUBJECTS = fields(
    "_type predicateType", predicate=None,
    subject=("l", {
        "name": ("t", False), "digest": (fields("sha256"), False), "mediaType": ("t", True), "annotations": ({"executable": ("b", False)}, True),
    }),
)  # fmt: skip


def subject(name, digest, **more):
    return {"digest": {"sha256": digest}, "name": name} | more


def tree_subject(digest):
    return subject(".", digest, mediaType="application/vnd.dc-release.tree")


def digest_of(files):
    """A tree: section 2."""
    return hashlib.sha256(b"".join(f"{path}\0{'x' if x else '-'}\0{digest}\n".encode() for path, x, digest in files)).hexdigest()


class Statements:
    def __init__(self, f, content):
        self.f, self.own, self.run, self.content = f, content.own, content.run, content
        self.run_id = self.run[0].body["run"] if self.run else ""
        places = [e for s, events in f.history.streams.items() if s.startswith(f"environment/{f.index['solution']}/") for e in events]
        mine = [e for e in places if e.type == "environment.deployed" and not e.body["rollback"] and e.body["run"] == self.run_id] if self.run else []
        self.events = sorted([*self.own, *self.run, *mine], key=lambda e: e.seq)

    def verify(self):
        publications = []
        for e in self.own:
            if e.type == "provenance.attested":
                if not publications or publications[-1][0] != e.body["publication"]:
                    publications.append((e.body["publication"], []))
                publications[-1][1].append(e)
        if not publications:
            return
        for e in self.own:
            if e.type == "publication.intended" and e.seq > publications[0][1][0].seq:
                if not any(p == e.body["publication"] and named[-1].seq < e.seq for p, named in publications):
                    self.content.at(e, "F-1601", f"publication {e.body['publication']} states nothing")
        after = 0
        for _, named in publications:
            self.publication(named, after)
            after = named[-1].seq

    def publication(self, named, after):
        """F-1602 to F-1604 of one publication."""
        first = named[0].seq
        wanted = {name: (e, make) for e in self.events if after < e.seq < first for name, make in self.stated(e, first)}
        for s in (s for e in named for s in e.body["statements"]):
            file = f"attestations/{s['name']}.json"
            e, make = wanted.pop(s["name"], (None, None))
            if e is None or e.seq != s["seq"]:
                self.f.find("F-1602", file, "states nothing that happened", s["seq"])
                continue
            self.f.counts["statements"] += 1
            data = self.content.named("F-1603", file, s["envelope"], s["seq"])
            if data is None:
                continue
            try:
                body = self.f.unseal(data, IN_TOTO, first)
                if body != encode(make(body)):
                    raise Refused("F-1604", "does not say what the ledger says")
            except Refused as r:
                self.f.find(r.rule, file, r.message, s["seq"])
        for name, (e, _) in wanted.items():
            self.content.at(e, "F-1602", f"there is no statement {name} of it")

    def stated(self, e, first):
        """Names of the statements of an event, each with the function that makes it; it is given the body that is there."""

        def statement(kind, predicate, subjects):
            return {"_type": "https://in-toto.io/Statement/v1", "subject": subjects, "predicateType": kind, "predicate": predicate}

        b = e.body
        match e.type:
            case "artifact.kept":
                yield f"build-{e.seq}", lambda body: statement("https://slsa.dev/provenance/v1", self.build(e), self.artifact(body, b))
            case "evidence.recorded":
                for n, i in enumerate(b["items"]):
                    made = statement(PAGE + "test-result-v1", self.result(e, i), [subject(i["name"], i["sha256"])])
                    yield f"test-result-{e.seq}-{n + 1}", lambda _, made=made: made
            case "environment.deployed":
                yield f"deployment-{e.seq}", lambda _: statement(PAGE + "deployment-v1", self.deployment(e, first), [tree_subject(b["tree"])])
            case "signature.made":
                yield f"approval-{e.seq}", lambda _: statement(PAGE + "approval-v1", self.approval(e), [subject("payload", b["payload"]), subject("signed", b["manifest"])])

    @staticmethod
    def artifact(body, kept):
        """The subjects of a build, from the files that the statement lists."""
        tree, parts = kept["tree"], kept.get("parts", [])
        files = check(decode(body), SUBJECTS, "F-1604")["subject"][1:]
        listed = [(s["name"], s.get("annotations", {}).get("executable", False), s["digest"]["sha256"]) for s in files]
        if not listed or digest_of(listed) != tree or [n.encode() for n, _, _ in listed] != sorted(n.encode() for n, _, _ in listed):
            raise Refused("F-1604", "lists other files than those of the artifact")
        below = {p["name"]: [(path.removeprefix(p["name"] + "/"), x, d) for path, x, d in listed if path.startswith(p["name"] + "/")] for p in parts}
        made = [{"name": n, "tree": digest_of(below[n]), "files": len(below[n])} for n in sorted(below) if below[n] and PART.fullmatch(n) and len(n) <= 64]
        if parts and (made != parts or sum(p["files"] for p in made) != len(listed)):
            raise Refused("F-1604", "lists other files than those of the artifacts by their names")
        return [tree_subject(tree)] + [subject(path, digest, **({"annotations": {"executable": True}} if x else {})) for path, x, digest in listed]

    def about(self, e):
        index = self.f.index
        return {
            "installation": self.f.keys.installation, "solution": index["solution"], "version": index["version"], "event": e.header["id"],
            "seq": e.seq, "time": e.time,
        }  # fmt: skip

    def build(self, kept):
        r, execution = self.run[0].body, kept.body["execution"]
        trigger, claims = r["trigger"], [e for e in self.run if e.type == "execution.claimed" and e.body["execution"] == execution and e.seq < kept.seq]
        index = self.f.index
        return {
            "buildDefinition": {
                "buildType": PAGE + "build-v1",
                "externalParameters": {
                    "repository": trigger["repository"], "ref": trigger["ref"], "event": trigger["name"], "workflow": r["file"],
                    "solution": index["solution"], "version": index["version"],
                },
                "internalParameters": {
                    "run": r["run"], "job": job_of(execution), "attempt": attempt_of(execution), "worker": claims[-1].body["worker"] if claims else "",
                    "sandbox": r["sandbox"], "evaluation": r["evaluation"],
                },
                "resolvedDependencies": [
                    {"digest": {"gitCommit": trigger["sha"]}, "uri": f"git:{trigger['repository']}@{trigger['ref']}"},
                    {"digest": {"sha256": r["plan"]}, "name": "plan"},
                ],
            },
            "runDetails": {
                "builder": {"id": "urn:dc-release:" + self.f.keys.installation, "version": {"dc-release": kept.header["build"]}},
                "metadata": {"invocationId": execution, "startedOn": claims[-1].time if claims else kept.time},
            },
        }  # fmt: skip

    def result(self, e, i):
        b = e.body
        names = ("format", "verification", "environment", "commit", "tree", "passed", "failed", "errors", "skipped", "verdict", "counted")
        attempt = attempt_of(b["execution"]) if b["execution"] else 0
        return self.about(e) | {"run": self.run_id, "attempt": attempt} | {n: b[n] for n in ("execution", "job", "person", "signature")} | {n: i[n] for n in names}

    def deployment(self, e, first):
        b, observed = e.body, []
        for x in self.events:
            if x.type == "evidence.recorded" and e.seq < x.seq < first and x.body["execution"] == b["execution"]:
                for i in x.body["items"]:
                    if (i["format"], i["environment"], i["tree"]) == ("installation", b["environment"], b["tree"]):
                        observed.append({n: i[n] for n in ("sha256", "passed", "failed", "errors", "verdict")})
        names = ("environment", "target", "tree", "commit", "run", "execution", "rollback")
        return self.about(e) | {n: b[n] for n in names} | {"deployed": b["version"], "observed": observed}

    def approval(self, e):
        names = ("signature", "person", "role", "meaning", "decision", "gate", "method")
        return self.about(e) | {n: e.body[n] for n in names} | {"for": e.header["on_behalf"]}


def attempt_of(execution):
    parts = execution.split("/")
    return int(parts[1]) if len(parts) > 1 and parts[1].isdecimal() else 0
