"""What a folder says beside its ledger part: signatures, gates, manifests, evidence, documents. Sections 10 to 15 and 17 of
docs/release-log-format.md.
"""

import base64
import hashlib
import json
import re

import reports
import results
from people import MEANINGS, Signers, assigned, demanded
from primitives import Refused, check, decode, encode, fields, sha256, unbase64, verify_pkix

PAYLOAD = fields(
    "schema signature_id ceremony_id decision reason policy_sha256 time method seen_sha256",
    subject=fields("type id solution version stage manifest_sha256"), meaning=fields("code text"), signer=fields("user_id printed_name login"),
    capacity=fields("role delegation_id? for?"), log=fields("root", size="i"),
)  # fmt: skip
ASSERTION = fields("credential rp_id public_key authenticator_data client_data signature")
AUTH = fields("auth_time kind", methods=("l", "t"), assertion_optional=ASSERTION)
ATTESTED = fields("payload_sha256", auth=AUTH)
EXCEPTIONS = fields("schema solution version", exceptions=("l", fields("kind at subject text disposition?", seq="i")))
DOCUMENTS = ("l", fields("kind number name", files=("m", "t")))
WAIVER = fields("check item risk control expires")
CHANGE = fields("type", declared=fields("type reference"), because_optional=("l", "t"))
EVIDENCE = fields("execution name sha256 verification environment verdict", counted="b", latest="b")
DEPLOYMENT = fields("environment plan summary", destroys=("l", "t"))
PUBLISHED = fields("schema of", kept=("l", fields("sha256 text? base64?")))
DEPLOYMENT_RECORD = fields(
    "schema", answers=("l", fields("name sha256")),
    invocations=("l", fields("stdout stderr began ended", exit="i", argv=("l", "t"), environment=("l", "t"))),
)  # fmt: skip
ROLLBACK = fields("rollback environment from to tree", irreversible="b")
MANIFEST = fields(
    "schema gate solution version note requirements_commit plan policy previous_gate previous_release",
    opening="i", sources=("l", fields("repository tag tag_object commit files")), workflows=("l", fields("path sha256 origin commit?")), builds=("l", "t"),
    artifacts=("l", fields("tree", environments=("l", "t"), parts_optional=("l", fields("name tree", files="i")))), evidence=("l", EVIDENCE), deviations=("l", "t"), change=CHANGE,
    waivers_optional=("l", WAIVER), documents=DOCUMENTS, rollback_optional=ROLLBACK, deployment_optional=DEPLOYMENT,
    reports_optional=("l", fields("execution kind name sha256 tree", latest="b")),
)  # fmt: skip
META = fields(
    "number kind title product version tag commit environment? stage gate? frozen_at facts_sha256 ledger_root tool template? template_sha256?"
    " evaluation? candidate_sha256? restriction?",
    revision="i", ledger_size="i",
)  # fmt: skip
TWIN = fields("schema", meta=META, blocks=("l", None))
PLAN = fields(
    "schema solution environment version artifact target base own", unknown="b", tools=("l", fields("name version sha256")), kept=("l", "t"), expected=("l", fields("path value")),
    changes=("l", fields("resource action loses?", fields_optional=("l", fields("path old new")))),
)  # fmt: skip
SEALS = fields("schema certificate time", files=("l", fields("path sha256 unsealed_sha256", unsealed_size="i")))
OWN = {"installation": results.installation, "rehearsal": results.rehearsal, "task-runs": results.task_runs, "job-conclusion": results.conclusion}
REPORTS = ("sbom", "scan", "vex", "provenance")
COUNTED = ("junit", "acceptance-protocol", *OWN)


class Gate:
    def __init__(self):
        self.phase, self.opened, self.signatures, self.withdrawn, self.standing = "closed", None, [], set(), None


class Content:
    """The checks of a folder; f is the Folder."""

    def __init__(self, f):
        self.f, self.own, self.run = f, f.own, f.run
        self.signers = Signers(f.history.streams, f.index["solution"])
        self.registered = self.own[0].body if self.own[0].type == "release.registered" else None
        self.here = {sha256(data): name for name, data in f.files.items() if name.startswith("evidence/")}
        self.external = {x["sha256"] for x in f.index["externals"]}

    def find(self, rule, file, message, seq=0):
        self.f.find(rule, file, message, seq)

    def at(self, e, rule, message):
        self.find(rule, self.f.history.file[e.seq], message, e.seq)

    def named(self, rule, file, digest, seq):
        """The bytes of a file that the ledger names, None when it is not there or another."""
        data = self.f.files.get(file)
        if data is None or sha256(data) != digest:
            self.find(rule, file, "is not here" if data is None else f"has not the digest {digest} of the ledger", seq)
            return None
        return data

    def baseline(self, before):
        """The baseline in force at an event."""
        last = {}
        for e in self.f.history.streams.get("solution/" + self.f.index["solution"], []):
            if e.seq < before and e.type in ("solution.added", "solution.revised"):
                last = e.body["baseline"]
        return last

    # --- signatures (11) ---

    def signatures(self):
        for e in self.own:
            if e.type != "signature.made":
                continue
            self.f.counts["signatures"] += 1
            m, name = e.body, e.body["signature"] + ".json"
            for rule, file, digest, test in (
                ("F-1101", "signatures/" + name, m["payload"], self.payload),
                ("F-1104", "attestations/" + name, m["envelope"], self.envelope),
                ("F-1110", "reviews/" + name, m["manifest"], self.exceptions),
            ):
                if rule == "F-1110" and m["meaning"] != "audit-trail-reviewed":
                    continue
                data = self.named(rule, file, digest, e.seq)
                try:
                    if data is not None:
                        test(data, e, m)
                except Refused as r:
                    self.find(r.rule, file, r.message, e.seq)

    def payload(self, data, e, m):
        p = check(decode(data), PAYLOAD)
        subject, index = p["subject"], self.f.index
        text, roles = MEANINGS.get(m["meaning"], ("", []))
        person = self.signers.person(m["person"], e.seq)
        for what, got, want in (
            ("schema", p["schema"], "dc-release/signature/v1"), ("id", p["signature_id"], m["signature"]), ("subject", subject["id"], e.stream),
            ("solution", subject["solution"], index["solution"]), ("version", subject["version"] or index["version"], index["version"]),
            ("gate", subject["stage"] if subject["type"] in ("release", "rollback") else "", m["gate"]), ("manifest", subject["manifest_sha256"], m["manifest"]),
            ("meaning", p["meaning"], {"code": m["meaning"], "text": text}), ("decision", p["decision"], m["decision"]), ("signer", p["signer"]["user_id"], m["person"]),
            ("role", p["capacity"]["role"], m["role"]), ("person whose role it is", p["capacity"].get("for", ""), e.header["on_behalf"]), ("method", p["method"], m["method"]),
            ("policy", p["policy_sha256"], e.header["policy"]), ("actor", (e.actor["kind"], e.actor["id"]), ("person", m["person"])),
            ("person", (person.id, person.login), (m["person"], p["signer"]["login"])),
        ):  # fmt: skip
            if got != want:
                raise Refused("F-1102", f"{what} is {got!r}, want {want!r}")
        if m["role"] not in roles:
            raise Refused("F-1102", f"role {m['role']!r} does not declare {m['meaning']}")
        if p["log"]["size"] >= e.seq:
            raise Refused("F-1102", f"was signed at size {p['log']['size']} of the ledger")

    def envelope(self, data, e, m):
        a = check(decode(self.f.unseal(data, "application/vnd.dc-release.signature+json", e.seq)), ATTESTED)
        kind = a["auth"]["kind"]
        if a["payload_sha256"] != m["payload"] or kind not in ("server-attested", "user-key"):
            raise Refused("F-1104", f"attests {kind!r} of payload {a['payload_sha256']}")
        self.f.kinds[kind] = self.f.kinds.get(kind, 0) + 1
        if kind == "server-attested":
            if len(a["auth"]["methods"]) < 2 or "assertion" in a["auth"]:
                raise Refused("F-1105", "the server attests fewer than two components")
            return
        if "assertion" not in a["auth"]:
            raise Refused("F-1104", "there is no assertion of the person's key")
        self.passkey(a["auth"]["assertion"], self.signers.person(m["person"], e.seq), m["payload"])

    def passkey(self, a, person, payload):
        if person.factors.get(a["credential"]) != (a["public_key"], a["rp_id"]):
            raise Refused("F-1106", "the ledger does not know this passkey of the person")
        public, authenticator, client, signature = (unbase64(a[n], "F-1109") for n in ("public_key", "authenticator_data", "client_data", "signature"))
        try:
            said = json.loads(client.decode())
            host = re.fullmatch(r"(https|http)://([^:/]+)(:[0-9]*)?", said["origin"])
            challenge = base64.urlsafe_b64encode(bytes.fromhex(payload)).decode().rstrip("=")
            rp = a["rp_id"]
            good = (
                said["type"] == "webauthn.get" and said["challenge"] == challenge and not said.get("crossOrigin", False) and host and rp
                and (host[1] == "https" or host[2] == "localhost") and (host[2] == rp or host[2].endswith("." + rp))
            )  # fmt: skip
        except (ValueError, KeyError, TypeError) as problem:
            raise Refused("F-1107", f"client data: {problem!r}") from None
        if not good:
            raise Refused("F-1107", "the client data are of another payload or page")
        if len(authenticator) < 37 or authenticator[:32] != hashlib.sha256(rp.encode()).digest() or authenticator[32] & 5 != 5:
            raise Refused("F-1108", "the authenticator data are of another domain, or no user was verified")
        if not verify_pkix(public, authenticator + hashlib.sha256(client).digest(), signature):
            raise Refused("F-1109", "the signature is not by the key")

    def exceptions(self, data, e, _):
        x = check(decode(data), EXCEPTIONS)
        if (x["schema"], x["solution"], x["version"]) != ("dc-release/exception-list/v1", self.f.index["solution"], self.f.index["version"]):
            raise Refused("F-1110", "is the list of another release")
        if any(entry["seq"] >= e.seq for entry in x["exceptions"]):
            raise Refused("F-1110", "names an event after the signature")

    # --- gates and manifests (10, 12, 17) ---

    def gates(self):
        """Folds the subject, and decides every gate again when it is consumed. Gives the openings that were consumed."""
        state, previous, change = {}, "", None
        deviations, approvals = {}, {}
        for e in self.own:
            b = e.body
            g = state.setdefault(b["gate"], Gate()) if e.type.startswith("gate.") and "gate" in b else None
            match e.type:
                case "release.classified":
                    change = b
                case "deviation.opened":
                    deviations[b["deviation"]] = ["open", b["text"]]
                case "deviation.disposed":
                    if b["deviation"] in deviations:
                        deviations[b["deviation"]][0] = b["disposition"]
                case "approval.requested":
                    approvals[b["approval"]] = [b.get("waiver"), False]
                case "approval.granted" | "approval.refused":
                    if b["approval"] in approvals:
                        approvals[b["approval"]][1] = e.type == "approval.granted"
                case "rollback.requested":
                    state["approve_rollback"] = Gate()
                case "gate.opened":
                    g.phase, g.opened = "open", e
                    waivers = [w for w, granted in approvals.values() if granted and w and e.time < w["expires"]]
                    g.standing = (change, [f"{d}: {s}: {t}" for d, (s, t) in deviations.items()], waivers)
                case "gate.voided":
                    g.phase, g.opened = "closed", None
                case "gate.rejected":
                    g.phase = "rejected"
                case "signature.made":
                    if b["gate"]:
                        state.setdefault(b["gate"], Gate()).signatures.append(e)
                case "signature.withdrawn":
                    for other in state.values():
                        other.withdrawn.add(b["signature"])
                case "gate.consumed":
                    self.consumed(g, e, change, previous)
                    g.phase, previous = "consumed", b["manifest"]
        if self.f.index["gate"] not in state or state[self.f.index["gate"]].phase != "consumed":
            self.find("F-1201", "index.json", f"gate {self.f.index['gate']} is not consumed")
        return {name: g.opened for name, g in state.items() if g.phase == "consumed" and g.opened}

    def consumed(self, g, e, change, previous):
        name, manifest = e.body["gate"], e.body["manifest"]
        if g.phase != "open" or g.opened.body["manifest"] != manifest:
            self.at(e, "F-1201", f"gate {name} was consumed while it was {g.phase}")
            return
        profile = self.registered["profile"] if self.registered else self.baseline(e.seq).get("profile")
        wanted = demanded(profile, (change or {}).get("type", "normal"), name)
        if self.registered is None and self.own[0].actor["kind"] == "machine":
            wanted = None
            if not self.baseline(e.seq).get("rollback", {}).get("automatic"):
                self.at(e, "F-1703", "nobody asked for the rollback, and the baseline lets no place go back by itself")
        if (wanted is None) != g.opened.body["unsigned"]:
            self.at(e, "F-1201", f"unsigned of gate {name} is {g.opened.body['unsigned']} in profile {profile}")
        if name == "pre_val" and profile == "gxp" and self.registered and (change or {}).get("type") != "emergency":
            self.demanded(e, g.opened, g.standing[2])
        counting, why = {}, {}
        for s in g.signatures:
            m = s.body
            reason = ("F-1202", "it was withdrawn or is over another manifest")
            if m["decision"] == "approve" and m["manifest"] == manifest and s.seq > g.opened.seq and m["signature"] not in g.withdrawn and m["meaning"] in MEANINGS:
                reason = self.signers.unfit(m["person"], m["meaning"], e, self.registered)
            if reason is None:
                counting[m["signature"]] = (m["meaning"], m["person"], s.header["on_behalf"])
            else:
                why[m["signature"]] = reason
        if not assigned(wanted or [], counting.values()):
            self.at(e, "F-1202", f"gate {name} lacks signatures by different people of {wanted}")
            for rule, message in why.values():
                self.at(e, rule, message)
        for signature in e.body["signatures"]:
            if signature not in counting:
                self.at(e, "F-1203", f"signature {signature} does not count at gate {name}")
                self.at(e, *why.get(signature, ("F-1203", "it is not at this gate")))
        file = f"manifests/{name}.json"
        data = self.named("F-1001", file, manifest, e.seq)
        try:
            if data is not None:
                m = check(decode(data), MANIFEST)
                self.manifest(file, m, g, previous)
                self.planned(m, e.seq)
        except Refused as r:
            self.find(r.rule, file, r.message)

    def manifest(self, file, m, g, previous):
        o, index = g.opened.body, self.f.index
        change, deviations, waivers = g.standing
        change = change or {"type": "", "declared": {"type": "", "reference": ""}}
        same = [
            ("schema", m["schema"], "dc-release/manifest/v1"), ("gate", m["gate"], o["gate"]), ("opening", m["opening"], o["opening"]), ("solution", m["solution"], index["solution"]),
            ("version", m["version"], index["version"]), ("policy", m["policy"], sha256(encode(self.baseline(g.opened.seq)))),
            ("change", {"because": []} | m["change"], {"because": []} | change),
        ]  # fmt: skip
        for what, got, want in (("deviations", m["deviations"], deviations), ("waivers", m.get("waivers", []), waivers)):
            if got != want:
                self.find("F-1005", file, f"{what} are {got!r:.200}, the ledger says {want!r:.200}")
        r = self.registered
        if r is None:
            asked = self.own[0].body
            if m.get("rollback") != asked:
                self.find("F-1701", file, "is of another rollback than was requested")
            if not any(e.type == "environment.deployed" and (e.body["rollback"], e.body["tree"], e.body["version"]) == (asked["rollback"], asked["tree"], asked["to"]) for e in self.own):
                self.find("F-1702", file, "the artifact of the rollback was not deployed")
        else:
            source = {k: v for k, v in m["sources"][0].items() if k != "repository"} if len(m["sources"]) == 1 else None
            plan = self.run[0].body["plan"] if self.run else None
            same += [
                ("documents", m["documents"], o["documents"]), ("previous gate", m["previous_gate"], previous), ("requirements", m["requirements_commit"], r["requirements_commit"]),
                ("note", m["note"], r["note"]), ("release-note.md", sha256(self.f.files.get("release-note.md", b"?")), m["note"]), ("plan", m["plan"], plan),
                ("source", source, {k: r[k] for k in ("tag", "tag_object", "commit", "files")}),
            ]  # fmt: skip
            for a in m["artifacts"]:
                for place in a["environments"]:
                    there = self.f.history.streams.get(f"environment/{index['solution']}/{place}", [])
                    if not any(e.type == "environment.deployed" and (e.body["run"], e.body["tree"]) == (r["run"], a["tree"]) for e in there):
                        self.find("F-1002", file, f"artifact {a['tree']} was not deployed to {place}")
                kept = [e.body.get("parts", []) for e in self.run if e.type == "artifact.kept" and e.body["tree"] == a["tree"]]
                if a.get("parts", []) != (kept or [[]])[0]:
                    self.find("F-1002", file, f"artifact {a['tree']} binds others than those that the run kept")
            self.frozen(file, m, o["position"])
        for what, got, want in same:
            if got != want:
                self.find("F-1002", file, f"{what} is {got!r:.200}, want {want!r:.200}")

    def planned(self, m, consumed):
        """F-1006."""
        d = m.get("deployment")
        if d is None:
            return
        file = f"plans/{m['gate']}.json"
        data = self.named("F-1006", file, d["plan"], consumed)
        if data is None:
            return
        try:
            p = check(decode(data), PLAN, "F-1006")
        except Refused as r:
            self.find(r.rule, file, r.message)
            return
        lost = [f"{c['action']} {c['resource']}: {c['loses']}" for c in p["changes"] if c.get("loses")]
        lost = lost if len(lost) <= 100 else lost[:100] + [f"{len(lost) - 100} more"]
        counts = ((a, sum(c["action"] == a for c in p["changes"])) for a in ("create", "update", "recreate", "delete"))
        counted = ", ".join(f"{n} {a}d" for a, n in counts if n)
        summary = "the target cannot tell its changes beforehand" if p["unknown"] else counted or "nothing changes"
        for what, got, want in (
            ("schema", p["schema"], "dc-release/deployment-plan/v1"), ("solution", p["solution"], m["solution"]), ("version", p["version"], m["version"]),
            ("environment", p["environment"], d["environment"]), ("summary", d["summary"], summary), ("destroys", d["destroys"], lost),
            ("artifact", p["artifact"] in [a["tree"] for a in m["artifacts"]], True),
        ):  # fmt: skip
            if got != want:
                self.find("F-1006", file, f"{what} is {got!r:.200}, want {want!r:.200}")
        asked = "" if self.registered else self.own[0].body["rollback"]
        for e in self.f.history.streams.get(f"environment/{m['solution']}/{d['environment']}", []):
            if e.type != "environment.deployed" or e.seq < consumed or e.body["rollback"] != asked or self.registered and e.body["run"] != self.registered["run"]:
                continue
            if e.body.get("plan") != d["plan"]:
                self.find("F-1006", file, f"event {e.seq} was carried out by plan {e.body.get('plan')!r:.80}")

    def frozen(self, file, m, position):
        if position not in {e.seq for e in self.own + self.run}:
            self.find("F-1003", file, f"was frozen at event {position}, which is not of the run or the release")
        latest, items, reports = {}, [], []
        for e in self.run:
            if e.seq > position:
                break
            if e.type == "execution.queued":
                latest[e.body["job"]] = e.body["execution"]
            elif e.type == "artifact.described":
                reports += [{k: r[k] for k in ("kind", "name", "sha256")} | {k: e.body[k] for k in ("execution", "tree")} for r in e.body["reports"]]
            elif e.type == "evidence.recorded":
                for i in e.body["items"]:
                    items.append({k: i[k] for k in ("name", "sha256", "verification", "environment", "verdict", "counted")} | {"execution": e.body["execution"]})
        for i in items:
            x = i["execution"]
            i["latest"] = x == "" or latest.get(job_of(x)) == x
        for r in reports:
            r["latest"] = latest.get(job_of(r["execution"])) == r["execution"]
        if reports != m.get("reports", []):
            self.find("F-1007", file, f"names {len(m.get('reports', []))} reports about the artifact, which are not the {len(reports)} of the run")
        if sorted(map(encode, items)) != sorted(map(encode, m["evidence"])):
            self.find("F-1004", file, f"names {len(m['evidence'])} items of evidence, which are not the {len(items)} of the run")

    # --- evidence (13) and acceptance (14) ---

    def evidence(self):
        events = self.own + self.run
        self.outputs(events)
        self.described(events)
        for e in events:
            if e.type == "evidence.recorded":
                groups = {}
                for i in e.body["items"]:
                    self.f.counts["evidence"] += 1
                    groups.setdefault(i["sha256"], []).append(i)
                    if self.registered and i["counted"] and i["verification"] != "RR" and i["commit"] != self.registered["commit"]:
                        self.at(e, "F-1302", f"{i['name']} is of commit {i['commit']}")
                for digest, items in groups.items():
                    self.recount(e, digest, items)
                self.recorded(e)
        self.acceptance(events)
        self.said(events)

    def said(self, events):
        """F-1307."""
        self.said_in = {}
        version = "" if not self.registered else self.registered["version"]
        for stream, list_ in self.f.history.streams.items():
            for e in list_ if stream.startswith("environment/") else []:
                b = e.body
                if e.type in ("environment.planned", "environment.deployed", "environment.failed") and b.get("record") and self.did(e, version):
                    self.said_in[f"records/{b['record']}.json"] = (e, b["record"], [], b["record"])
        for e in events:
            for i in e.body["items"] if e.type == "evidence.recorded" else []:
                if i["format"] in ("installation", "rehearsal", "task-runs") and i["sha256"] in self.here:
                    try:
                        r = decode(self.f.files[self.here[i["sha256"]]])
                        named = [a["sha256"] for a in r.get("answers", [])] + [t["evidence"] for t in r.get("runs", []) if t["evidence"]]
                        record = r.get("record", "")
                    except (Refused, TypeError, KeyError, AttributeError):
                        continue
                    if named or record:
                        self.said_in[f"records/{i['sha256']}.json"] = (e, i["sha256"], named, record)
        for path, (e, digest, named, record) in self.said_in.items():
            if path in self.f.files:
                try:
                    published(self.f.files[path], digest, named, record)
                except Refused as r:
                    self.find("F-1307", path, r.message, e.seq)
            elif path not in {x["name"] for x in self.f.index["externals"]}:
                self.find("F-1307", "index.json", f"{path} is neither here nor external", e.seq)

    def did(self, e, version):
        b = e.body
        if self.registered:
            return (b["run"] == self.registered["run"] and b["rollback"] == "") or b["rollback"].startswith(f"rehearsal-{version}-")
        return b["rollback"] == self.own[0].body["rollback"] and e.seq > self.own[0].seq

    def outputs(self, events):
        """F-410."""
        for e in events:
            b = e.body
            named = {
                "execution.finished": lambda: [b["log"]] * bool(b["log"]) + [a["sha256"] for a in b.get("artifacts", [])],
                "execution.log_kept": lambda: [b["log"]],
                "artifact.kept": lambda: [b["manifest"]],
            }.get(e.type, list)()
            for digest in set(named) - self.external:
                self.find("F-410", "index.json", f"{digest} is in the ledger and not external", e.seq)

    def described(self, events):
        """F-411."""
        kept = ""
        for e in events:
            if e.type == "artifact.kept":
                kept = e.body["tree"]
            elif e.type == "artifact.described":
                if e.body["tree"] != kept:
                    self.at(e, "F-411", f"reports are about artifact {e.body['tree']!r:.80}, the run kept {kept!r:.80}")
                for r in e.body["reports"]:
                    if r["kind"] not in REPORTS:
                        self.at(e, "F-411", f"report {r['name']} is of kind {r['kind']!r}")
                    elif r["sha256"] not in self.external:
                        self.counts(e, r, self.named("F-411", f"artifact/{r['kind']}/{r['sha256']}.json", r["sha256"], e.seq))
                    else:
                        self.f.uncounted.append(f"{r['name']} (external)")

    def counts(self, e, r, data):
        """F-412."""
        file = f"artifact/{r['kind']}/{r['sha256']}.json"
        try:
            got = {} if data is None else reports.count(r["kind"], data)
        except Refused as x:
            self.find("F-412", file, x.message, e.seq)
            return
        if got and any(r[name] != n for name, n in got.items()):
            self.find("F-412", file, f"counted again it has {got}", e.seq)

    def demanded(self, e, opened, waivers):
        """F-1008."""
        scans = self.baseline(opened.seq).get("scans") or {}
        place, kept, files, parts, latest, handed = "", "", [], {}, {}, []
        for x in self.f.history.streams.get(f"environment/{self.f.index['solution']}/tst", []):
            if x.type == "environment.deployed" and x.body["run"] == self.registered["run"] and x.seq < opened.seq:
                place = x.body["tree"]
        for x in self.run:
            if x.seq > opened.body["position"]:
                break
            if x.type == "execution.queued":
                latest[x.body["job"]] = x.body["execution"]
            elif x.type == "artifact.kept":
                kept, parts = x.body["tree"], {p["name"]: p["tree"] for p in x.body.get("parts", [])}
                files = self.files_of(x.seq) if scans.get("builders") else []
            elif x.type == "artifact.described" and x.body["tree"]:
                handed += [(x.body["execution"], x.body["tree"], r) for r in x.body["reports"]]
        count = []
        for execution, tree, r in handed:
            if tree != place or latest.get(job_of(execution)) != execution or r["kind"] not in REPORTS:
                continue
            data = self.f.files.get(f"artifact/{r['kind']}/{r['sha256']}.json")
            if data is None or sha256(data) != r["sha256"]:
                return  # not here: named as external, or a finding by itself
            count.append((r["kind"], data))
        for item in reports.missing(scans, place, kept, files, parts, count, [(w["check"], w["item"]) for w in waivers]):
            self.at(e, "F-1008", f"gate pre_val opened without what the baseline demands: {item}")

    def files_of(self, seq):
        """The files of an artifact as its statement lists them; section 16 checks it."""
        try:
            body = json.loads(unbase64(json.loads(self.f.files[f"attestations/build-{seq}.json"])["payload"], "F-1603"))
            return [(s["name"], s["digest"]["sha256"]) for s in body["subject"] if s.get("mediaType") is None]
        except (KeyError, ValueError, TypeError, Refused):
            return []

    def recount(self, e, digest, items):
        name = self.here.get(digest)
        if name is None:
            if digest not in self.external:
                self.at(e, "F-1301", f"{items[0]['name']} is neither here nor external")
            else:
                self.f.uncounted += [f"{i['name']} (external)" for i in items]
            return
        data, kind = self.f.files[name], items[0]["format"]
        if any(i["size"] != len(data) for i in items):
            self.find("F-1301", name, "has another size than the ledger says", e.seq)
        if kind not in COUNTED:
            self.f.uncounted += [f"{i['name']} ({i['format']})" for i in items]
            return
        try:
            self.compare(items, *self.counted(kind, data))
            self.f.counts["recounted"] += len(items)
        except Refused as r:
            self.find(r.rule, name, r.message, e.seq)

    @staticmethod
    def counted(kind, data):
        try:
            if kind in OWN:
                return OWN[kind](data)
            return (results.junit if kind == "junit" else results.protocol_count)(data), {}
        except Refused as r:
            raise Refused("F-1304", r.message) from None

    @staticmethod
    def compare(items, count, about):
        """F-1304, F-1305."""
        numbers = count.numbers()
        sums = {name: sum(i[name] for i in items) for name in numbers}
        if sums != numbers or (about and len(items) != 1):
            raise Refused("F-1304", f"counted again it has {numbers}, the ledger says {sums}")
        for i in items:
            if i["format"] != items[0]["format"] or any(i[k] != v for k, v in about.items()):
                raise Refused("F-1304", f"is about {about}, the ledger says {i['verification']} in {i['environment']!r} of {i['commit']}")
            passed = i["counted"] and i["passed"] > 0 and i["failed"] + i["errors"] == 0 and not count.broken
            if i["verdict"] != ("passed" if passed else "failed"):
                raise Refused("F-1305", f"is not {i['verdict']} ({count.broken or numbers})")

    def recorded(self, e):
        """F-1303."""
        b = e.body
        if not b["person"]:
            for i in b["items"]:
                if i["counted"] and i["verification"] == "AV":
                    self.at(e, "F-1303", f"{i['name']} counts as AV and was recorded by a machine")
        elif not any(self.signed(b["signature"], b["person"], "test-executed", digest) for digest in {i["sha256"] for i in b["items"]}) or len({i["sha256"] for i in b["items"]}) != 1:
            self.at(e, "F-1303", f"is not what signature {b['signature']!r} signed")

    def signed(self, signature, person, meaning, manifest):
        want = (signature, person, meaning, manifest)
        return any(e.type == "signature.made" and (e.body["signature"], e.body["person"], e.body["meaning"], e.body["manifest"]) == want for e in self.own)

    def acceptance(self, events):
        found = results.acceptances(events)
        for a in found:
            for name, digest in a.files():
                if digest not in self.here and digest not in self.external:
                    self.at(a.event, "F-1401", f"{name} {digest} is neither here nor external")
            if a.submitted:
                self.protocol(a)
            if a.reviewed:
                r = a.reviewed
                if not a.submitted or r["person"] == a.event.actor["id"] or not self.signed(r["signature"], r["person"], "reviewed", a.submitted["protocol"]):
                    self.at(a.event, "F-1404", f"{a.begun['acceptance']} was reviewed by nobody who signed it")
        made = {(a.submitted["protocol"], a.submitted["signature"], a.event.actor["id"]) for a in found if a.submitted}
        for e in events:
            if e.type == "evidence.recorded":
                for i in e.body["items"]:
                    if i["format"] == "acceptance-protocol" and (i["sha256"], e.body["signature"], e.body["person"]) not in made:
                        self.at(e, "F-1403", f"{i['name']} is the protocol of no execution")

    def protocol(self, a):
        """F-1402."""
        name = self.here.get(a.begun["script"])
        if name is None:
            self.f.uncounted.append(f"protocol {a.begun['acceptance']} (its script is not here)")
            return
        try:
            made = a.protocol(results.read_script(self.f.files[name]))
            if sha256(made) != a.submitted["protocol"]:
                raise Refused("F-1402", "is not what its steps say")
        except Refused as r:
            self.at(a.event, "F-1402", f"protocol {a.begun['acceptance']}: {r.message}")

    # --- documents (15) and what is asked for (3) ---

    def documents(self, consumed):
        known = set()
        for gate, opened in consumed.items():
            for d in opened.body["documents"]:
                for extension, digest in d["files"].items():
                    known.add(digest)
                    self.named("F-1501", f"draft/{gate}/{d['name']}.{extension}", digest, opened.seq)
        finals = [name for name in self.f.files if name.startswith("final/")]
        if bool(finals) != (self.registered is not None and self.f.index["state"] == "authorised"):
            self.find("F-1502", "final", f"{len(finals)} final documents in a folder that is {self.f.index['state']}")
        for name in finals:
            if name.endswith(".json"):
                try:
                    d = check(decode(self.f.files[name]), TWIN)
                    candidate = d["meta"].get("candidate_sha256", "")
                    if d["schema"] != "dc-release/document/v1" or d["meta"]["stage"] != "final" or (candidate and candidate not in known):
                        raise Refused("F-1503", "is not the final of a candidate that was signed")
                except Refused as r:
                    self.find(r.rule, name, r.message)

    def seals(self):
        """F-1505, and of F-1506 the beginning of each file; the seal itself is not read."""
        data = self.f.files.get("seals.json")
        if data is None:
            return
        try:
            s = check(decode(data), SEALS, "F-1505")
            listed = [x["path"] for x in s["files"]]
            pages = sorted(n for n in self.f.files if n.startswith("final/") and n.endswith(".pdf"))
            if s["schema"] != "dc-release/seals/v1" or s["time"] != self.own[-1].time or listed != pages:
                raise Refused("F-1505", "is no list of the final PDF files, or of another time")
            unbase64(s["certificate"], "F-1505")
        except Refused as r:
            self.find(r.rule, "seals.json", r.message)
            return
        for x in s["files"]:
            whole, size = self.f.files[x["path"]], x["unsealed_size"]
            if sha256(whole) != x["sha256"] or not 0 < size < len(whole) or sha256(whole[:size]) != x["unsealed_sha256"]:
                self.find("F-1506", x["path"], "is not the file that seals.json names, with and without its seal")

    def planning(self, gate):
        try:
            return "deployment" in decode(self.f.files.get(f"manifests/{gate}.json", b""))
        except (Refused, TypeError):
            return False

    def asked(self, consumed):
        """F-306."""
        names = {"index.json", "index.note", "keys.json"} | ({"release-note.md"} if self.registered else set())
        if self.registered and self.f.index["state"] == "authorised":
            names.add("seals.json")
        for gate, opened in consumed.items():
            names.add(f"manifests/{gate}.json")
            if self.planning(gate):
                names.add(f"plans/{gate}.json")
            names |= {f"draft/{gate}/{d['name']}.{x}" for d in opened.body["documents"] for x in d["files"]}
        digests = set()
        for e in (e for events in self.f.history.streams.values() for e in events):
            b = e.body
            if e.type == "signature.made":
                names |= {f"{top}/{b['signature']}.json" for top in ("signatures", "attestations")}
                if b["meaning"] == "audit-trail-reviewed":
                    names.add(f"reviews/{b['signature']}.json")
            elif e.type == "provenance.attested":
                names |= {f"attestations/{s['name']}.json" for s in b["statements"]}
            elif e.type == "artifact.described":
                names |= {f"artifact/{r['kind']}/{r['sha256']}.json" for r in b["reports"]}
            elif e.type == "evidence.recorded":
                digests |= {i["sha256"] for i in b["items"]}
            elif e.type == "acceptance.begun":
                digests.add(b["script"])
            elif e.type == "acceptance.step_recorded":
                digests |= {a["sha256"] for a in b["attachments"]}
        names |= set(self.said_in)
        for name, data in self.f.files.items():
            top = name.partition("/")[0]
            if name not in names and not ("/" in name and top in ("ledger", "final")) and not (top == "evidence" and sha256(data) in digests):
                self.find("F-306", name, "nothing in the ledger asks for it")


def published(data, of, named, record):
    """A published record: it holds the digests that are named, and the record of a deployment, where there is one, with those that this names."""
    r = check(decode(data), PUBLISHED)
    if r["schema"] != "dc-release/published-record/v1" or r["of"] != of:
        raise Refused("F-1307", f"is {r['schema']!r} of {r['of']!r}")
    files = {}
    for k in r["kept"]:
        text, coded = k.get("text", ""), k.get("base64", "")
        try:
            files[k["sha256"]] = base64.b64decode(coded, validate=True) if coded else text.encode()
        except ValueError as x:
            raise Refused("F-1307", f"{k['sha256']}: {x}") from None
        if (text and coded) or sha256(files[k["sha256"]]) != k["sha256"]:
            raise Refused("F-1307", f"{k['sha256']} holds other bytes")
    if [k["sha256"] for k in r["kept"]] != sorted(files):
        raise Refused("F-1307", "its files are not sorted, each once")
    if record:
        r = check(decode(files.get(record, b"")), DEPLOYMENT_RECORD)
        called = [i[s] for i in r["invocations"] for s in ("stdout", "stderr") if i[s]]
        named = [*named, record, *called, *(a["sha256"] for a in r["answers"])]
    if sorted(files) != sorted(set(named)):
        raise Refused("F-1307", f"holds {len(files)} files, the record names {len(set(named))}, or others")


def job_of(execution):
    parts = execution.split("/")
    return "/".join(parts[2:-1]) if len(parts) >= 4 else ""
