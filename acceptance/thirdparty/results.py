"""Counting result files again: section 13 of docs/release-log-format.md, and protocols of manual tests: section 14."""

import re
from xml.parsers import expat

from primitives import Refused, check, decode, encode, fields

# The outcomes of a case, the worst last.
PASSED, SKIPPED, FAILED, ERROR = range(4)


class Count:
    """What a file holds: how many cases ended in which outcome, and why it could not be read to its end."""

    def __init__(self):
        self.cases, self.broken = [], None

    def numbers(self):
        return {name: self.cases.count(k) for name, k in (("passed", PASSED), ("failed", FAILED), ("errors", ERROR), ("skipped", SKIPPED))}

    def breaks(self, why):
        self.broken = self.broken or why


ABOUT = fields("schema solution environment version commit tree problem")
INSTALLATION = ABOUT | fields(checks=("l", fields("path expected actual")), answers_optional=("l", fields("name sha256")))
REHEARSAL = INSTALLATION | fields("half")
TASK_RUNS = ABOUT | fields("record", call="i", jobs=("l", "t"), runs=("l", fields("job task run outcome message evidence", millis="i")))
CONCLUSION = fields("schema name run job conclusion commit")


def raw(data, spec, kind, verification, cases):
    """A record that the server made of a place."""
    r = check(decode(data), spec)
    if r["schema"] != f"dc-release/{kind}/v1":
        raise Refused("F-1304", f"schema {r['schema']!r}")
    c = Count()
    c.cases = [cases(x) for x in r["runs" if kind == "task-runs" else "checks"]]
    if r["problem"]:
        c.cases.append(ERROR)
    where = verification if verification == "RR" else ("p" if r["environment"] == "prd" else "") + verification
    return c, {"verification": where, "environment": r["environment"], "commit": r["commit"], "tree": r["tree"]}


def same(x):
    if x["expected"] == x["actual"] == "not read back":
        return SKIPPED
    return PASSED if x["expected"] == x["actual"] else FAILED


def installation(data):
    return raw(data, INSTALLATION, "installation", "IV", same)


def rehearsal(data):
    return raw(data, REHEARSAL, "rehearsal", "RR", same)


def task_runs(data):
    outcomes = {"passed": PASSED, "failed": FAILED, "skipped": SKIPPED}
    return raw(data, TASK_RUNS, "task-runs", "OV", lambda x: outcomes.get(x["outcome"], ERROR))


def conclusion(data):
    r = check(decode(data), CONCLUSION)
    if r["schema"] != "dc-release/job-conclusion/v1" or r["conclusion"] == "skipped" or not re.fullmatch("TEST-[a-z0-9]+(-[a-z0-9]+)*-[1-9][0-9]*", r["name"]):
        raise Refused("F-1304", "is no conclusion of a test")
    c = Count()
    c.cases = [{"success": PASSED, "failure": FAILED}.get(r["conclusion"], ERROR)]
    return c, {"verification": "UT", "environment": "", "commit": r["commit"], "tree": ""}


# --- JUnit (13.3) -----------------------------------------------------------

WORDS = {w: FAILED for w in ("failed", "failure", "fail")} | {w: ERROR for w in ("error", "errored")}
WORDS |= {w: SKIPPED for w in ("skipped", "notrun", "suppressed", "disabled", "ignored", "pending", "todo")}
SUITES = ("testsuites", "testsuite")


class Broken(Exception):
    pass


class JUnit:
    """One reading of a JUnit file."""

    def __init__(self):
        self.count, self.stack, self.suites, self.case = Count(), [], [], None

    def start(self, name, attributes):
        name = name.rpartition(":")[2]
        parent = self.stack[-1] if self.stack else None
        if parent is None and name not in SUITES:
            raise Broken(f"the root is {name!r}")
        if len(self.stack) >= 64:
            raise Broken("nested deeper than 64")
        self.stack.append(name)
        if name in SUITES:
            if self.case is not None:
                raise Broken(f"a {name} inside a testcase")
            self.suites.append((name, claimed(attributes), len(self.count.cases)))
        elif name == "testcase":
            if self.case is not None:
                raise Broken("a testcase inside a testcase")
            if len(self.count.cases) >= 200_000:
                raise Broken("more than 200000 cases")
            said = (WORDS.get(attributes.get(a, "").lower()) for a in ("result", "status"))
            self.case = next((s for s in said if s is not None), PASSED)
        elif name in ("failure", "error", "skipped"):
            if self.case is not None and parent == "testcase":
                self.case = max(self.case, {"failure": FAILED, "error": ERROR, "skipped": SKIPPED}[name])
            elif self.case is None and name != "skipped" and parent in SUITES:
                self.count.breaks(f"a {name} outside of any case")

    def end(self, _):
        name = self.stack.pop()
        if name == "testcase":
            self.count.cases.append(self.case)
            self.case = None
        elif name in SUITES:
            _, claim, first = self.suites.pop()
            inside = self.count.cases[first:]
            if claim > inside.count(FAILED) + inside.count(ERROR):
                self.count.breaks("a suite claims more failures than its cases show")
            if not inside and name == "testsuite":
                self.count.breaks("a suite holds no case")


def claimed(attributes):
    def number(text):
        return int(text) if re.fullmatch(r"\s*\+?[0-9]{1,10}\s*", text) and int(text) < 2**31 else 0

    return number(attributes.get("failures", "")) + number(attributes.get("errors", ""))


def junit(data):
    j = JUnit()
    if len(data) > 64 << 20:
        j.count.breaks("more than 64 MiB")
    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = j.start, j.end

    def refuse(*_):
        raise Broken("a document type declaration")

    def declared(_, encoding, __):
        if encoding and encoding.lower() not in ("utf-8", "utf8", "us-ascii", "ascii", "iso-8859-1", "latin1"):
            raise Broken(f"encoding {encoding!r}")

    parser.StartDoctypeDeclHandler, parser.XmlDeclHandler = refuse, declared
    try:
        parser.Parse(data.removeprefix(b"\xef\xbb\xbf").lstrip(b" \t\r\n"), True)
    except (expat.ExpatError, Broken) as problem:
        j.count.breaks(str(problem))
    return j.count


# --- protocols (14) ---------------------------------------------------------

ATTACHMENTS = ("l", fields("name sha256", size="i"))
TEST = fields("id title text source fingerprint", verifies=("l", "t"), steps=("l", fields("action expected")))
SCRIPT = fields("schema solution version environment commit requirements", tests=("l", TEST))
RECORD = fields("at actual verdict reason deviation", attachments=ATTACHMENTS)
EXECUTED = TEST | fields("verdict", records=("l", RECORD | fields(corrects=("l", RECORD))))
PROTOCOL = fields("schema acceptance repeats solution version environment commit tree script_sha256 tester begun_at", tests=("l", EXECUTED))


def read_script(data):
    s = decode(data)
    if check(s, SCRIPT)["schema"] != "dc-release/acceptance-script/v1":
        raise Refused("F-1402", f"schema {s['schema']!r}")
    return s


def protocol_count(data):
    p = check(decode(data), PROTOCOL)
    if p["schema"] != "dc-release/acceptance-protocol/v1":
        raise Refused("F-1304", f"schema {p['schema']!r}")
    c = Count()
    for t in p["tests"]:
        if len(t["records"]) != len(t["steps"]):
            raise Refused("F-1304", f"{t['id']} has {len(t['records'])} records of {len(t['steps'])} steps")
        verdicts = [r["verdict"] for r in t["records"]]
        c.cases.append(FAILED if "failed" in verdicts else ERROR if "blocked" in verdicts else PASSED)
    return c


class Acceptance:
    """One execution of a script, folded from the events of a run."""

    def __init__(self, event):
        self.begun, self.event = event.body, event
        self.records, self.submitted, self.reviewed = [], None, None

    def apply(self, event):
        kind = event.type.partition(".")[2]
        if kind == "step_recorded":
            self.records.append(event)
        elif kind in ("submitted", "reviewed"):
            setattr(self, kind, event.body)

    def files(self):
        yield "script", self.begun["script"]
        for r in self.records:
            for a in r.body["attachments"]:
                yield a["name"], a["sha256"]

    def protocol(self, script):
        """The bytes of the protocol."""
        tests = []
        for t in script["tests"] or []:
            done, verdict = [], "passed"
            for n in range(1, len(t["steps"] or []) + 1):
                found = [self.observed(r) for r in self.records if (r.body["test"], r.body["step"]) == (t["id"], n)]
                if not found:
                    raise Refused("F-1402", f"{t['id']} step {n} is not recorded")
                done.append(found[-1] | {"corrects": found[:-1]})
                if found[-1]["verdict"] == "failed" or (found[-1]["verdict"] == "blocked" and verdict == "passed"):
                    verdict = found[-1]["verdict"]
            tests.append(t | {"verdict": verdict, "records": done})
        b = self.begun
        return encode({
            "schema": "dc-release/acceptance-protocol/v1", "acceptance": b["acceptance"], "repeats": b["repeats"], "solution": script["solution"],
            "version": script["version"], "environment": b["environment"], "commit": b["commit"], "tree": b["tree"], "script_sha256": b["script"],
            "tester": self.event.actor["id"], "begun_at": self.event.time, "tests": tests,
        })  # fmt: skip

    @staticmethod
    def observed(event):
        b = event.body
        return {
            "at": event.time, "actual": b["actual"], "verdict": b["verdict"], "reason": event.header["reason"] if b["correction"] else "",
            "attachments": b["attachments"], "deviation": b["deviation"],
        }  # fmt: skip


def acceptances(events):
    found = {}
    for e in events:
        if e.type == "acceptance.begun":
            found[e.seq] = Acceptance(e)
        elif e.type.startswith("acceptance."):
            for a in found.values():
                if a.begun["acceptance"] == e.body["acceptance"]:
                    a.apply(e)
                    break
    return list(found.values())
