"""Meanings, people and which signatures count: sections 11.5 and 12 of docs/release-log-format.md."""

MEANINGS = {
    "sme-approved": ("I have reviewed the content and it is right.", ["sme"]),
    "qc-approved": ("The process was followed and the records are complete.", ["qc"]),
    "authorised-to-prd": ("I authorise the deployment of this release to production.", ["release-manager"]),
    "accountable": ("I am accountable for this release and accept it.", ["data-product-owner"]),
    "released-for-use": ("I release this version for use.", ["sme", "data-product-owner"]),
    "rollback-authorised": ("I authorise this rollback.", ["release-manager"]),
    "emergency-authorised": ("I authorise this emergency change before its verification is complete.", ["release-manager"]),
    "deviation-accepted": ("I accept the cause and the disposition of this deviation.", ["sme", "qc"]),
    "waived": ("I accept this exception with its risk and its compensating control.", ["sme", "qc"]),
    "reviewed": ("I have reviewed this and agree.", ["sme", "qc"]),
    "test-executed": ("I executed these tests and recorded what I observed.", ["acceptance-tester"]),
    "delegated": ("I let this person act in my role for the time given.", ["sme", "qc", "release-manager", "data-product-owner", "acceptance-tester"]),
    "audit-trail-reviewed": ("I have reviewed the exception list of this release and what the audit trail says of each entry.", ["qc"]),
    "period-reviewed": ("I have reviewed this product over the period and agree with the conclusion.", ["data-product-owner", "qc"]),
    "rejected": ("I reject this release.", ["sme", "qc", "release-manager", "data-product-owner"]),
    "withdrawn": ("I withdraw my earlier signature.", ["sme", "qc", "release-manager", "data-product-owner"]),
}

_NORMAL = {
    "pre_val": ["sme-approved"],
    "approve_to_prd": ["qc-approved", "sme-approved", "authorised-to-prd", "accountable"],
    "approve_for_use": ["qc-approved", "released-for-use"],
    "approve_rollback": ["rollback-authorised", "qc-approved"],
}
DEMANDS = {
    "standard": _NORMAL | {"pre_val": [], "approve_to_prd": ["qc-approved", "authorised-to-prd"]},
    "emergency": _NORMAL
    | {"pre_val": [], "approve_to_prd": ["emergency-authorised", "qc-approved"], "catch_up": ["sme-approved", "qc-approved", "accountable"]},
}


def demanded(profile, change, gate):
    """The meanings that a gate demands, None for a gate outside."""
    if profile == "non-gxp":
        return {"approve_to_prd": ["authorised-to-prd"], "approve_rollback": ["rollback-authorised"]}.get(gate)
    return DEMANDS.get(change, _NORMAL).get(gate)


class Person:
    """What a person's stream says up to an event."""

    def __init__(self, events):
        self.id = self.login = self.kind = ""
        self.disabled, self.factors, self.grants, self.delegations, self.identities = False, {}, [], {}, []
        self.checked, self.due, self.statement, self.trained = False, "", None, {}
        for e in events:
            self.apply(e, e.body)

    def apply(self, e, b):
        match e.type:
            case "person.added":
                self.id, self.login, self.kind = b["person"], b["login"], b.get("kind", "")
            case "person.disabled":
                self.disabled = True
            case "credential.enrolled":
                self.factors[b["kind"]] = None
            case "passkey.enrolled":
                self.factors[b["credential"]] = (b["public_key"], b["rp_id"])
            case "identity.linked":
                self.factors[b["issuer"]] = None
            case "factor.lost":
                self.factors.pop(b["factor"], None)
            case "role.granted":
                self.grants.append((b["grant"]["role"], b["grant"]["solution"]))
            case "role.revoked":
                gone = (b["grant"]["role"], b["grant"]["solution"])
                self.grants = [g for g in self.grants if g != gone]
            case "role.delegated":
                d = b["delegation"]
                self.delegations[d["delegation"]] = d | {"since": d["since"] or e.time}
            case "delegation.ended":
                self.delegations.pop(b["delegation"], None)
            case "identity.mapped":
                self.identities.append(b["digest"])
            case "reset.approved":
                self.checked = False
            case "person.identity_checked":
                self.checked, self.due = e.actor["id"] != b["person"], b["review_due"]
            case "person.access_reviewed":
                if e.actor["id"] != b["person"]:
                    self.due = b["review_due"]
            case "person.statement_accepted":
                self.statement = (b["version"], b["sha256"])
            case "person.trained":
                self.trained[b["sop"], b["revision"]] = b["until"]

    def holds(self, role, solution):
        return any(r == role and s in ("", solution) for r, s in self.grants)


class Signers:
    """Decides who could sign at an event: F-1204 to F-1207."""

    def __init__(self, streams, solution):
        self.streams, self.solution = streams, solution

    def person(self, person, before):
        return Person(e for e in self.streams.get("person/" + person, []) if e.seq < before)

    def asked(self, before):
        last = None
        for e in self.streams.get("policy/signing", []):
            if e.seq < before and e.type == "policy.signing_required":
                last = e.body
        return last

    def capacity(self, p, meaning, event):
        """Role, and the person whose it is."""
        roles = MEANINGS[meaning][1]
        for role in roles:
            if p.holds(role, self.solution):
                return role, None
        for role in roles:
            for d in p.delegations.values():
                if d["role"] == role and d["solution"] in ("", self.solution) and d["since"] <= event.time < d["until"]:
                    by = self.person(d["from"], event.seq)
                    if not by.disabled and by.holds(role, self.solution):
                        return role, by
        return None, None

    def unfit(self, person, meaning, event, registered):
        """Rule and reason why a signature of the person does not count at an event, None when it does."""
        p = self.person(person, event.seq)
        if not p.id or p.disabled or p.kind == "service" or not p.factors:
            return "F-1204", f"{person} is not there, disabled, a service account or without factors"
        if any(role == "administrator" for role, _ in p.grants):
            return "F-1205", f"{p.login} is an administrator"
        role, by = self.capacity(p, meaning, event)
        if role is None:
            return "F-1205", f"{p.login} holds no role of {meaning}"
        for one in (p, by):
            if registered and one and any((a["person"] and a["person"] == one.id) or a["identity"] in one.identities for a in registered["authors"]):
                return "F-1206", f"{one.login} is an author of the release"
        if registered and registered["profile"] == "non-gxp":
            return None
        return self.unprepared(p, role, event)

    def unprepared(self, p, role, event):
        asked, day = self.asked(event.seq), event.time[:10]
        if not asked or not asked["statement"]:
            return None
        if not p.checked:
            return "F-1207", f"the identity of {p.login} was not checked by another person"
        if p.statement != (asked["statement"], asked["statement_sha256"]):
            return "F-1207", f"{p.login} has not accepted the statement"
        for t in asked["trainings"]:
            if t["role"] == role and p.trained.get((t["sop"], t["revision"]), "") < day:
                return "F-1207", f"{p.login} has no valid training in {t['sop']}"
        if p.due and p.due < day:
            return "F-1207", f"the access of {p.login} was to be reviewed by {p.due}"
        return None


def assigned(meanings, signatures):
    """F-1202: whether different people give all meanings; signatures are (meaning, person, on behalf of)."""

    def give(rest, used):
        if not rest:
            return True
        for meaning, person, other in signatures:
            people = {person, other} - {""}
            if meaning == rest[0] and not people & used and give(rest[1:], used | people):
                return True
        return False

    return give(list(meanings), frozenset())
