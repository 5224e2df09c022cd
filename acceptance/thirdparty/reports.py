"""Reports about the artifact: how they are read, and what is missing of them. Section 10.1 of docs/release-log-format.md."""

import base64
import json
import re
from urllib.parse import unquote_to_bytes

from primitives import Refused, is_digest, sha256, verify_pkix

MOST, DEEP = 16 << 20, 64
HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]")
SEVERITIES = ("unknown", "critical", "high", "medium", "low", "none")  # the worst first
LEVELS = {"error": "high", "warning": "medium", "": "medium", "note": "low", "none": "none"}
WORDS = {"CRITICAL": "critical", "HIGH": "high", "MODERATE": "medium", "MEDIUM": "medium", "LOW": "low"}
TYPES = {
    "PyPI": "pypi", "npm": "npm", "Go": "golang", "Maven": "maven", "crates.io": "cargo", "NuGet": "nuget", "RubyGems": "gem", "Packagist": "composer",
    "Hex": "hex", "Pub": "pub",
}  # fmt: skip
CASELESS = ("apk", "bitbucket", "composer", "deb", "github", "pypi")
SETTLED = ("not_affected", "false_positive", "resolved", "resolved_with_pedigree")
JUSTIFICATIONS = (
    "code_not_present", "code_not_reachable", "requires_configuration", "requires_dependency", "requires_environment", "protected_by_compiler",
    "protected_at_runtime", "protected_at_perimeter", "protected_by_mitigating_control",
)  # fmt: skip
GRYPE = re.compile(r"(CVE-[0-9]{4}-[0-9]{4,}|GHSA(?:-[0-9a-z]{4}){3})-")
BUILDS = "https://slsa.dev/provenance/"


class Number(str):
    """A number as it is written."""


def wrong(message):
    raise Refused("F-412", message)


# --- values -----------------------------------------------------------------


def parse(data):
    if len(data) > MOST:
        wrong(f"has {len(data)} bytes")
    try:
        text = data.removeprefix(b"\xef\xbb\xbf").decode()
        value = json.loads(text, object_pairs_hook=once, parse_int=Number, parse_float=Number, parse_constant=wrong)
        json.dumps(value, ensure_ascii=False).encode()
        too_deep = depth(value) > DEEP
    except (ValueError, RecursionError) as problem:
        wrong(f"is no JSON: {problem}")
    if too_deep or not isinstance(value, dict):
        wrong("is no object, or too deep")
    return value


def once(pairs):
    out = dict(pairs)
    if len(out) != len(pairs):
        wrong("a name stands twice in an object")
    return out


def depth(value):
    inside = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return max((1 + depth(v) for v in inside), default=0)


def text(o, name):
    v = o.get(name)
    if v is not None and (not isinstance(v, str) or isinstance(v, Number)):
        wrong(f"{name}: want a text")
    return v or ""


def there(o, name):
    return text(o, name) if text(o, name).strip() else wrong(f"{name} is not there")


def thing(o, name):
    v = o.get(name)
    return v if isinstance(v, dict) else {} if v is None else wrong(f"{name}: want an object")


def things(o, name):
    v = o.get(name)
    v = [] if v is None else v
    if not isinstance(v, list) or not all(isinstance(x, dict) for x in v):
        wrong(f"{name}: want a list of objects")
    return v


def texts(o, name):
    v = o.get(name)
    v = [] if v is None else v
    if not isinstance(v, list) or not all(isinstance(x, str) and not isinstance(x, Number) for x in v):
        wrong(f"{name}: want a list of texts")
    return v


def integer(o, name):
    v = o.get(name)
    if v is not None and (not isinstance(v, Number) or not re.fullmatch("-?[0-9]+", v)):
        wrong(f"{name}: want an integer")
    return None if v is None else int(v)


def line(s):
    return HIDDEN.sub(" ", s)


def is_id(s):
    return s != "" and line(s) == s and len(s.encode()) <= 250 and s.strip() == s


def identified(s):
    return s if is_id(s) else wrong(f"{s!r:.80} is no id")


def cut(s):
    """A name in one line of at most 250 bytes."""
    s = line(s)
    return s if len(s.encode()) <= 250 else s.encode()[:247].decode(errors="ignore") + "..."


def score(o, name):
    v = o.get(name)
    if v is None:
        return None
    if not isinstance(v, str):
        wrong(f"{name}: want a number")
    v = v if isinstance(v, Number) else v.strip()
    if v == "":
        return None
    if not re.fullmatch(r"[0-9]+(\.[0-9]+)?", v) or float(v) > 10:
        wrong(f"{name}: {v!r:.40} is no score")
    return float(v)


def banded(n):
    return next((s for least, s in ((9, "critical"), (7, "high"), (4, "medium")) if n >= least), "low" if n > 0 else "unknown")


def subject(s):
    flat = line(s)
    if flat == s and len(s.encode()) <= 200:
        return s
    return flat.encode()[:180].decode(errors="ignore") + "... " + sha256(s.encode())[:12]


# --- packages ---------------------------------------------------------------


def lower(s):
    return "".join(c.lower() if "A" <= c <= "Z" else c for c in s)


def decoded(part):
    if re.search("%(?![0-9A-Fa-f]{2})", part):
        return None
    return unquote_to_bytes(part)


def purl(s):
    """What names the package of a purl, and its qualifiers."""
    rest, _, query = s.partition("#")[0].partition("?")
    scheme, _, rest = rest.partition(":")
    kind, slash, rest = rest.lstrip("/").partition("/")
    kind = lower(kind)
    if not slash or lower(scheme) != "pkg":
        return (s,), {}
    at, version = rest.rfind("@"), ""
    if at > rest.rfind("/") + 1:
        rest, version = rest[:at], rest[at + 1 :]
    parts = [decoded(p) for p in [*rest.split("/"), version]]
    if None in parts:
        return (s,), {}
    if kind in CASELESS:
        parts = [p.lower() for p in parts[:-1]] + parts[-1:]
    if kind == "pypi":
        parts[-2] = parts[-2].replace(b"_", b"-")
    pairs = [q.partition("=") for q in query.split("&")]
    return (kind, *parts), {lower(n): decoded(v) for n, _, v in pairs if decoded(v)}


def same(a, b):
    """Whether two packages are one."""
    if a["purl"] and b["purl"]:
        (key, mine), (other, theirs) = purl(a["purl"]), purl(b["purl"])
        return key == other and all(theirs[n] == v for n, v in mine.items() if n in theirs)
    return a["name"] != "" and (a["name"], a["version"]) == (b["name"], b["version"])


def package(name="", version="", purl="", **more):
    return {"name": name, "version": version, "purl": purl, **more}


def finding(names, severity, where="", about=None, assessed=False):
    p = about or package()
    said = p["purl"] or (f"{p['name']}@{p['version']}" if p["version"] else p["name"]) or where
    return {"names": names, "severity": severity, "subject": subject(said) if said else "the artifact", "package": p, "assessed": assessed}


# --- scans ------------------------------------------------------------------


def scan(o):
    if "runs" in o and "results" in o:
        wrong("has runs and results")
    if o.get("runs") is not None:
        return sarif(o)
    return osv(o) if "results" in o else wrong("is no scan")


def sarif(o):
    out = []
    if text(o, "version") != "2.1.0" or o.get("inlineExternalProperties") is not None or not things(o, "runs"):
        wrong("is of another version, has parts elsewhere or no run")
    for run in things(o, "runs"):
        tool = thing(run, "tool")
        driver = thing(tool, "driver")
        there(driver, "name"), text(driver, "version") or text(driver, "semanticVersion")
        if run.get("externalPropertyFileReferences") is not None or run.get("results") is None:
            wrong("a run has parts elsewhere or no results")
        listed = [things(t, "rules") for t in [thing(tool, "driver"), *things(tool, "extensions")]]
        for r in sum(listed, []):
            there(r, "id")
        overridden = False
        for i in things(run, "invocations"):
            if i.get("executionSuccessful") not in (None, True):
                wrong("the scan failed")
            overridden |= any(thing(x, "configuration").get("level") is not None for x in things(i, "ruleConfigurationOverrides"))
        for r in things(run, "results"):
            out += result(r, run, listed, overridden)
    return out


def result(r, run, listed, overridden):
    rules, name = meant(r, listed)
    identified(name)
    kind, level = text(r, "kind"), text(r, "level")
    if kind in ("open", "review"):
        severity = "unknown"
    elif kind in ("", "fail") or (kind in ("pass", "notApplicable", "informational") and level not in ("", "none")):
        severity = severe(r, rules or [{}], overridden)
    else:
        return [] if kind in ("pass", "notApplicable", "informational") else wrong(f"kind {kind!r}")
    if text(r, "baselineState") == "absent":
        return []
    reasons = [text(s, "justification").strip() for s in things(r, "suppressions")]
    accepted = all(text(s, "status") == "accepted" or "status" not in s for s in things(r, "suppressions"))
    names, about = [name], package()
    if len(rules) == 1 and thing(rules[0], "properties").get("purls") is not None:
        purls = texts(thing(rules[0], "properties"), "purls")
        about = package(purl=purls[0]) if len(purls) == 1 else about
        m = GRYPE.match(name)
        names += [m[1]] if m else []
    return [finding(names, severity, place(r, run), about, accepted and any(reasons))]


def meant(r, listed):
    ref = thing(r, "rule")
    name, other = text(r, "ruleId"), text(ref, "id")
    if name and other and name != other:
        wrong("ruleId is another than rule.id")
    name = name or other
    index = integer(r, "ruleIndex")
    if index is None or index < 0:
        index = integer(ref, "index")
    component = thing(ref, "toolComponent")
    at = integer(component, "index")
    if index is not None and index >= 0 and ("toolComponent" not in ref or ref["toolComponent"] is None or at is not None):
        at = 0 if at is None else at + 1
        if not 0 <= at < len(listed) or index >= len(listed[at]):
            wrong("the tool has no such rule")
        rule = listed[at][index]
        if name and name != rule["id"] and not name.startswith(rule["id"] + "/"):
            wrong("the rule at the index is another")
        return [rule], name or rule["id"]
    whole, found = name, []
    while whole and not found:
        found = [x for rules in listed for x in rules if x["id"] == whole]
        whole = whole.rpartition("/")[0]
    return found, name


def severe(r, rules, overridden):
    own = score(thing(r, "properties"), "security-severity")
    if own is not None:
        return banded(own)
    out = "none"
    for rule in rules:
        own = text(r, "level")
        level = own or text(thing(rule, "defaultConfiguration"), "level")
        level = "?" if overridden and not own else level
        if level != "?" and level not in LEVELS:
            wrong(f"level {level!r}")
        n = score(thing(rule, "properties"), "security-severity")
        one = LEVELS.get(level, "unknown") if n is None else banded(n)
        out = min(out, one, key=SEVERITIES.index)
    return out


def place(r, run):
    locations = things(r, "locations")
    if not locations:
        return ""
    at = thing(locations[0], "physicalLocation")
    file = thing(at, "artifactLocation")
    where, index, files = text(file, "uri"), integer(file, "index"), things(run, "artifacts")
    if not where and index is not None and 0 <= index < len(files):
        where = text(thing(files[index], "location"), "uri")
    start = integer(thing(at, "region"), "startLine")
    return where if start is None else f"{where}:{start}"


def osv(o):
    out = []
    for source in things(o, "results"):
        for p in things(source, "packages"):
            text(thing(source, "source"), "path")
            out += packaged(p)
    return out


def packaged(p):
    a = thing(p, "package")
    commit = text(a, "commit")
    name = text(a, "name") or commit or there(a, "name")
    about = package(name, text(a, "version"), text(a, "purl"))
    about["purl"] = about["purl"] or purl_of(text(a, "ecosystem"), name, about["version"])
    known, out, grouped = {}, [], set()
    for v in things(p, "vulnerabilities"):
        if identified(text(v, "id")) in known:
            wrong("a vulnerability stands twice")
        known[v["id"]] = v
    for g in things(p, "groups"):
        ids = texts(g, "ids")
        if not ids:
            wrong("a group has no ids")
        grouped |= set(ids)
        n = score(g, "max_severity")
        out.append(weakness(ids + texts(g, "aliases"), known, about, banded(n) if n else None))
    return out + [weakness([i, *texts(v, "aliases")], known, about, None) for i, v in known.items() if i not in grouped]


def weakness(ids, known, about, severity):
    said = "unknown"
    for v in [known[i] for i in ids if i in known]:
        ids = ids + texts(v, "aliases")
        word = thing(v, "database_specific").get("severity")
        worst = WORDS.get(word.upper()) if isinstance(word, str) else None
        if worst and (said == "unknown" or SEVERITIES.index(worst) < SEVERITIES.index(said)):
            said = worst
    names = list(dict.fromkeys(n for n in map(cut, ids) if n))
    if not names:
        wrong("a weakness has no name")
    if severity and (said == "unknown" or SEVERITIES.index(severity) < SEVERITIES.index(said)):
        said = severity
    return finding(sorted(names, key=lambda n: not n.startswith("CVE-")), said, about=about)


def purl_of(ecosystem, name, version):
    kind = TYPES.get(ecosystem)
    if kind is None:
        return ""
    if kind == "pypi":
        name = name.lower().replace("_", "-")
    elif kind == "maven":
        name = name.replace(":", "/")
    elif kind == "npm":
        name = name.replace("@", "%40", 1)
    elif kind == "golang" and name != "stdlib" and version and not version.startswith("v"):
        version = "v" + version
    return f"pkg:{kind}/{name}" + (f"@{version}" if version else "")


# --- CycloneDX --------------------------------------------------------------


def cyclonedx(o):
    """Link, components, subjects."""
    if text(o, "bomFormat") != "CycloneDX" or text(o, "specVersion") not in ("1.4", "1.5", "1.6", "1.7"):
        wrong("is no CycloneDX 1.4 to 1.7")
    serial, version = lower(text(o, "serialNumber")), integer(o, "version")
    link = f"urn:cdx:{serial[9:]}/{1 if version is None else version}" if serial.startswith("urn:uuid:") and serial[9:] else ""
    about, tools = thing(thing(o, "metadata"), "component"), thing(o, "metadata").get("tools")
    for t in things(tools, "components") if isinstance(tools, dict) else things(thing(o, "metadata"), "tools"):
        text(t, "name"), text(t, "version")
    subjects = [text(h, "content").lower() for h in things(about, "hashes") if text(h, "alg") == "SHA-256"]
    if not all(map(is_digest, subjects)):
        wrong("a SHA-256 is none")
    refs = {text(about, "bom-ref")}
    return link, inside(o, refs, link) + inside(about, refs, link), subjects


def inside(o, refs, link):
    out = []
    for c in things(o, "components"):
        there(c, "type")
        name, ref, group = there(c, "name"), text(c, "bom-ref"), text(c, "group")
        if ref and ref in refs:
            wrong(f"bom-ref {ref!r:.80} stands twice")
        refs.add(ref)
        for x in things(c, "licenses"):
            text(x, "expression"), text(thing(x, "license"), "id"), text(thing(x, "license"), "name")
        for h in things(c, "hashes"):
            there(h, "alg"), there(h, "content")
        out.append(package(f"{group}/{name}" if group else name, text(c, "version"), text(c, "purl"), ref=ref, document=link))
        out += inside(c, refs, link)
    return out


def sbom(o):
    _, components, subjects = cyclonedx(o)
    return (components, subjects) if components else wrong("lists nothing")


def vex(o):
    link, components, subjects = cyclonedx(o)
    meta = thing(o, "metadata")
    somebody = [text(a, k) for a in things(meta, "authors") for k in ("name", "email")]
    somebody += [text(thing(meta, k), "name") for k in ("manufacturer", "manufacture", "supplier")]
    own, whole, out = {c["ref"]: c for c in components if c["ref"]}, text(thing(meta, "component"), "bom-ref"), []
    if not things(o, "vulnerabilities"):
        wrong("says nothing")
    for v in things(o, "vulnerabilities"):
        names, a = [identified(text(v, "id"))], thing(v, "analysis")
        if a.get("state") is None:
            continue
        names += [text(r, "id") for r in things(v, "references") if text(r, "id")]
        state, why, detail = there(a, "state"), text(a, "justification"), text(a, "detail").strip()
        if state not in (*SETTLED, "exploitable", "in_triage") or (why and why not in JUSTIFICATIONS):
            wrong(f"state {state!r:.40}, justification {why!r:.40}")
        if state in SETTLED and not why and (state == "not_affected" or not detail):
            wrong(f"{state} without a reason")
        refs = [reference(there(x, "ref"), link) for x in things(v, "affects")]
        if state not in SETTLED:
            continue
        if not any(s.strip() for s in somebody):
            wrong("is by nobody")
        about = [own.get(r["ref"], r) if r["document"] == "" else r for r in refs]
        everything = not refs or any(r["document"] == "" and r["ref"] == whole != "" for r in refs)
        out.append({"names": names, "whole": everything, "packages": about})
    return out, subjects


def reference(ref, own):
    if lower(ref).startswith("urn:cdx:"):
        document, _, within = ref.partition("#")
        raw = decoded(within)
        document = lower(document)
        return package(ref=within if raw is None else raw.decode(errors="replace"), document="" if document == own else document)
    return package(purl=ref if lower(ref).startswith("pkg:") else "", ref=ref, document="")


def covers(a, f, components):
    if not set(a["names"]) & set(f["names"]):
        return False
    return a["whole"] or any(same(resolved(p, components), f["package"]) for p in a["packages"])


def resolved(p, components):
    if p["name"] or p["purl"] or not p["ref"]:
        return p
    found = [c for c in components if c["ref"] == p["ref"] and p["document"] in ("", c["document"])]
    return found[0] if found and all(same(found[0], c) for c in found) else p


# --- provenance -------------------------------------------------------------


def unbase64(s):
    for table in (None, b"-_"):
        try:
            data = base64.b64decode(s.encode(), table, validate=True)
        except ValueError:
            continue
        again = base64.b64encode(data, table).decode()
        if again == s:
            return data
    return None


def provenance(o):
    if text(o, "mediaType").startswith("application/vnd.dev.sigstore.bundle"):
        o = thing(o, "dsseEnvelope")
    kind = text(o, "payloadType")
    signatures = [(there(s, "sig"), text(s, "keyid"))[0] for s in things(o, "signatures")]
    payload = unbase64(text(o, "payload"))
    if kind != "application/vnd.in-toto+json" or not signatures or payload is None:
        wrong("is no envelope of a statement")
    statement = parse(payload)
    if text(statement, "_type") not in ("https://in-toto.io/Statement/v1", "https://in-toto.io/Statement/v0.1"):
        wrong("is no statement")
    digests = [thing(s, "digest") for s in things(statement, "subject")]
    subjects = [text(d, "sha256").lower() for d in digests if d.get("sha256") is not None]
    if not subjects or not all(map(is_digest, subjects)):
        wrong("names nothing by its SHA-256")
    pae = f"DSSEv1 {len(kind)} {kind} {len(payload)} ".encode() + payload
    return {"subjects": subjects, "predicate": there(statement, "predicateType"), "pae": pae, "signatures": [unbase64(s) for s in signatures]}


def by_builder(statement, builders):
    if not statement["predicate"].startswith(BUILDS):
        return False
    for b in builders:
        for s in statement["signatures"]:
            try:
                if s is not None and verify_pkix(base64.b64decode(b["key"]), statement["pae"], s):
                    return True
            except Refused:
                continue  # no DER
    return False


# --- reports ----------------------------------------------------------------

READERS = {"sbom": sbom, "scan": scan, "vex": vex, "provenance": provenance}


def read(kind, data):
    """What stands in a report; Refused when it is unreadable."""
    return READERS[kind](parse(data))


def count(kind, data):
    """The numbers of F-412."""
    r, found = read(kind, data), []
    out = dict.fromkeys(("components", "critical", "high", "medium", "low", "unknown", "assessed"), 0) | {"size": len(data)}
    if kind == "sbom":
        out["components"] = len(r[0])
    elif kind == "vex":
        out["assessed"] = len(r[0])
    elif kind == "scan":
        found = r
    return out | {s: sum(f["severity"] == s for f in found) for s in SEVERITIES[:5]}


def missing(scans, place, kept, files, parts, reports, waivers):
    """F-1008: what is missing of the demands. place is the artifact in TST; files are (path, sha256), parts {name: tree}; reports are (kind, bytes) of
    those that count, waivers (check, item)."""
    known, unreadable, out = {k: [] for k in READERS}, set(), []
    for kind, data in reports:
        try:
            known[kind].append(read(kind, data))
        except Refused:
            unreadable.add(kind)
    lacks = {k: not known[k] or k in unreadable for k in READERS}
    if scans.get("sbom") and lacks["sbom"] and ("components-listed", "sbom") not in waivers:
        out.append("sbom")
    if scans.get("severity"):
        if lacks["scan"] and ("scan-findings", "scan") not in waivers:
            out.append("scan")
        components = [c for r in known["sbom"] for c in r[0]]
        assessments = [a for r in known["vex"] for a in r[0]]
        for f in (f for r in known["scan"] for f in r):
            item = f"{f['names'][0]} in {f['subject']}"
            excepted = f["assessed"] or {("scan-findings", item), ("scan-findings", f["names"][0])} & set(waivers)
            if f["severity"] in SEVERITIES[: SEVERITIES.index(scans["severity"]) + 1] and not excepted and not any(covers(a, f, components) for a in assessments):
                out.append(item)
    if scans.get("provenance") and ("build-attested", "provenance") not in waivers:
        subjects = {s for r in known["provenance"] if by_builder(r, scans.get("builders") or []) for s in r["subjects"]}
        stated = place in subjects or (files and all(digest in subjects or parts.get(path.partition("/")[0]) in subjects for path, digest in files))
        if not place or place != kept or (scans.get("builders") and not stated):
            out.append("provenance")
    return list(dict.fromkeys(out))
