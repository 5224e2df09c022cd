"""Every event type with the fields of its public part, as docs/release-log-format/events.md lists them.

One entry a type: TYPE/VERSION and its fields. A field is text, or has letters after a colon, from the outside in: l list, m map, t text, i integer,
b boolean, o object; ? is optional. a.b, a[].b and a{}.b are fields of an object inside.
"""

TABLE = """
acceptance.abandoned/1 acceptance
acceptance.begun/1 acceptance repeats environment script commit tree
acceptance.reviewed/1 acceptance signature person
acceptance.step_recorded/1 acceptance test step:i actual verdict correction:b attachments:lo attachments[].name attachments[].sha256
    attachments[].size:i deviation
acceptance.submitted/1 acceptance protocol signature
action.pinned/1 pin:o pin.repository pin.ref pin.commit pin.tree pin.source before
api_token.created/1 token person scopes:lt until
api_token.revoked/1 token
approval.granted/1 approval
approval.refused/1 approval signature
approval.requested/1 approval kind solution version waiver:o? waiver.check waiver.item waiver.risk waiver.control waiver.expires template:o?
    template.name template.paths:lt template.max_files:i baseline:o? baseline.solution baseline.profile baseline.code baseline.requirements
    baseline.release_log baseline.branch baseline.workflow baseline.environments:mo baseline.environments{}.target baseline.environments{}.config:mt?
    baseline.environments{}.names:lt? baseline.environments{}.protection:o? baseline.environments{}.protection.branches:lt?
    baseline.environments{}.protection.tags:lt? baseline.environments{}.protection.wait_minutes:i? baseline.evidence:lo? baseline.evidence[].glob
    baseline.evidence[].verification baseline.rebuilds baseline.evaluation:b baseline.raci:lo? baseline.raci[].name baseline.raci[].gates:lt?
    baseline.raci[].by:mt lost:lt?
approval.requested/2 approval kind solution version waiver:o? waiver.check waiver.item waiver.risk waiver.control waiver.expires template:o?
    template.name template.paths:lt template.max_files:i baseline:o? baseline.solution baseline.profile baseline.code baseline.requirements
    baseline.release_log baseline.branch baseline.workflow baseline.environments:mo baseline.environments{}.target baseline.environments{}.config:mt?
    baseline.environments{}.names:lt? baseline.environments{}.protection:o? baseline.environments{}.protection.branches:lt?
    baseline.environments{}.protection.tags:lt? baseline.environments{}.protection.wait_minutes:i? baseline.evidence:lo? baseline.evidence[].glob
    baseline.evidence[].verification baseline.rebuilds baseline.evaluation:b baseline.raci:lo? baseline.raci[].name baseline.raci[].gates:lt?
    baseline.raci[].by:mt baseline.category:i? lost:lt?
approval.requested/3 approval kind solution version waiver:o? waiver.check waiver.item waiver.risk waiver.control waiver.expires template:o?
    template.name template.paths:lt template.max_files:i baseline:o? baseline.solution baseline.profile baseline.code baseline.requirements
    baseline.release_log baseline.branch baseline.workflow baseline.environments:mo baseline.environments{}.target baseline.environments{}.config:mt?
    baseline.environments{}.names:lt? baseline.environments{}.protection:o? baseline.environments{}.protection.branches:lt?
    baseline.environments{}.protection.tags:lt? baseline.environments{}.protection.wait_minutes:i? baseline.evidence:lo? baseline.evidence[].glob
    baseline.evidence[].verification baseline.rebuilds baseline.evaluation:b baseline.raci:lo? baseline.raci[].name baseline.raci[].gates:lt?
    baseline.raci[].by:mt baseline.category:i? baseline.templates:mt? review:o? review.from review.to review.number review.files:mt lost:lt?
approval.requested/4 approval kind solution version waiver:o? waiver.check waiver.item waiver.risk waiver.control waiver.expires template:o?
    template.name template.paths:lt template.max_files:i baseline:o? baseline.solution baseline.profile baseline.code baseline.requirements
    baseline.release_log baseline.branch baseline.workflow baseline.environments:mo baseline.environments{}.target baseline.environments{}.config:mt?
    baseline.environments{}.names:lt? baseline.environments{}.protection:o? baseline.environments{}.protection.branches:lt?
    baseline.environments{}.protection.tags:lt? baseline.environments{}.protection.wait_minutes:i? baseline.evidence:lo? baseline.evidence[].glob
    baseline.evidence[].verification baseline.rebuilds baseline.evaluation:b baseline.raci:lo? baseline.raci[].name baseline.raci[].gates:lt?
    baseline.raci[].by:mt baseline.category:i? baseline.templates:mt? review:o? review.from review.to review.number review.files:mt deletion:o? deletion.environment deletion.plan deletion.destroys:lt lost:lt?
approval.requested/5 approval kind solution version waiver:o? waiver.check waiver.item waiver.risk waiver.control waiver.expires template:o?
    template.name template.paths:lt template.max_files:i baseline:o? baseline.solution baseline.profile baseline.code baseline.requirements
    baseline.release_log baseline.branch baseline.workflow baseline.environments:mo baseline.environments{}.target baseline.environments{}.config:mt?
    baseline.environments{}.names:lt? baseline.environments{}.protection:o? baseline.environments{}.protection.branches:lt?
    baseline.environments{}.protection.tags:lt? baseline.environments{}.protection.wait_minutes:i? baseline.evidence:lo? baseline.evidence[].glob
    baseline.evidence[].verification baseline.rebuilds baseline.evaluation:b baseline.raci:lo? baseline.raci[].name baseline.raci[].gates:lt?
    baseline.raci[].by:mt baseline.category:i? baseline.templates:mt?
    baseline.rollback:o? baseline.rollback.rehearse? baseline.rollback.automatic:b? baseline.scans:o? baseline.scans.severity? baseline.scans.sbom:b? baseline.scans.provenance:b?
    baseline.scans.builders:lo? baseline.scans.builders[].name baseline.scans.builders[].key
    review:o? review.from review.to review.number review.files:mt deletion:o? deletion.environment deletion.plan deletion.destroys:lt lost:lt?
approval.signed/1 approval signature person role meaning
artifact.described/1 execution tree reports:lo reports[].kind reports[].name reports[].sha256 reports[].size:i reports[].format reports[].tool
    reports[].components:i reports[].critical:i reports[].high:i reports[].medium:i reports[].low:i reports[].unknown:i reports[].assessed:i
artifact.kept/1 execution tree manifest files:i
artifact.kept/2 execution tree manifest files:i parts:lo? parts[].name parts[].tree parts[].files:i
checkpoint.diverged/1 branch last head gone:b commits:lt files:lt
checkpoint.timestamp_failed/1 solution origin size:i checkpoint problem
checkpoint.timestamp_requested/1 solution origin size:i checkpoint
checkpoint.timestamped/1 solution origin size:i checkpoint token authority time established:b
clock.observed/1 state source measured:b offset_us:i problem
concurrency.entered/1 group holder
concurrency.joined/1 group holder superseded:lt? cancel:b
concurrency.left/1 group holder
credential.enrolled/1 person kind
delegation.ended/1 person delegation
deviation.disposed/1 deviation disposition cause action signature
deviation.opened/1 deviation source job text
environment.deployed/1 environment version commit tree target run execution rollback
environment.deployed/2 environment version commit tree target run execution rollback plan record
environment.deploying/1 environment run execution rollback plan
environment.failed/1 environment run execution rollback plan problem record
environment.planned/1 environment version run rollback tree plan summary destroys:lt
environment.planned/2 environment version run rollback tree plan summary destroys:lt record
evidence.recorded/1 execution job person signature items:lo items[].name items[].sha256 items[].size:i items[].format items[].verification
    items[].environment items[].commit items[].tree items[].passed:i items[].failed:i items[].errors:i items[].skipped:i items[].verdict items[].counted:b
    items[].flags:lt?
execution.claimed/1 execution worker
execution.conflict/1 execution accepted refused
execution.finished/1 execution job fence:i conclusion reason outputs:mt? outcome log artifacts:lo? artifacts[].name artifacts[].sha256
    artifacts[].size:i
execution.given_up/1 execution job reason retry:b
execution.late_result/1 execution fence:i conclusion outcome
execution.log_kept/1 execution log size:i
execution.queued/1 execution run solution job name attempt:i try:i environment gate pool labels:lt continue_on_error:b
factor.lost/1 person factor
freeze.declared/1 freeze since until why
freeze.lifted/1 freeze
gate.awaited/1 job name gate
gate.closed/1 gate missing:lt
gate.commented/1 gate manifest text
gate.consumed/1 gate manifest signatures:lt
gate.opened/1 gate manifest position:i opening:i documents:lo documents[].kind documents[].number documents[].name documents[].files:mt unsigned:b
gate.rejected/1 gate manifest signature
gate.unsignable/1 reasons:lt
gate.voided/1 gate manifest because
identity.linked/1 person issuer digest
identity.mapped/1 person digest
installation.bootstrapped/1 person
installation.created/1 installation epoch:i
intake.refused/1 event ref commit rule message details:lt?
job.cancel_requested/1 job reason
job.concluded/1 job name conclusion reason
job.decided/1 job decisions:lo decisions[].key decisions[].expression decisions[].result decisions[].values:mt?
job.held/1 job name group until
job.values_kept/1 job inputs:b values
key.created/1 name algorithm public purpose
key.rotated/1 installation name algorithm old old_id new new_id by_old by_new
matrix.opened/1 job name legs:lo? legs[].values legs[].segments:lt? fail_fast:b max_parallel:i
operation.refused/1 operation subject kind message
passkey.enrolled/1 person credential public_key rp_id aaguid
person.access_reviewed/1 person review_due
person.added/1 person login
person.added/2 person login kind name_sha256
person.disabled/1 person
person.identity_checked/1 person review_due
person.invited/1 person purpose since until
person.statement_accepted/1 person version:i sha256
person.trained/1 person sop revision until
policy.signing_required/1 statement:i statement_sha256 trainings:lo trainings[].role trainings[].sop trainings[].revision review_days:i
provenance.attested/1 publication statements:lo statements[].seq:i statements[].name statements[].envelope
publication.done/1 publication commit index size:i
publication.intended/1 publication folder gate execution
release.authorised/1 manifest
release.caught_up/1 manifest
release.classified/1 type declared:o declared.type declared.reference because:lt?
release.for_use/1 publication commit
release.held/1 because
release.registered/1 solution version tag tag_object commit files note requirements_commit authors:lo authors[].person authors[].identity authors[].as
    previous run profile
release.reinstated/1 rollback
release.rejected/1 gate signature
release.resumed/1
release.superseded/1 by
release.tag_moved/1 tag expected found
reset.approved/1 person since
reset.cancelled/1 person
reset.requested/1 person
role.delegated/1 person delegation:o delegation.delegation delegation.from delegation.role delegation.solution delegation.since delegation.until
    signature
role.granted/1 person grant:o grant.role grant.solution
role.revoked/1 person grant:o grant.role grant.solution
rollback.finished/1 rollback to commit
rollback.requested/1 rollback environment from to tree irreversible:b
run.cancel_requested/1 run
run.finished/1 run conclusion
run.rerun_requested/1 run attempt:i jobs:lt reopened:lt?
run.started/1 run solution number:i trigger:o trigger.name trigger.ref trigger.sha trigger.tag_object trigger.base_ref trigger.head_ref
    trigger.number:i trigger.actor trigger.repository trigger.message file plan version profile counted:b sandbox evaluation:b
scope.closed/1 job conclusion outputs:mt?
scope.opened/1 job name inputs:mt
secret.key_rotated/1 old new
secret.removed/1 name environment version:i
secret.set/1 name environment version:i
session.ended/1 person
session.started/1 person method
signature.made/1 signature payload envelope gate manifest meaning decision role person method
signature.withdrawn/1 signature by
signing.locked/1 person failures:i
signing.unlocked/1 person
solution.added/1 baseline:o baseline.solution baseline.profile baseline.code baseline.requirements baseline.release_log baseline.branch
    baseline.workflow baseline.environments:mo baseline.environments{}.target baseline.environments{}.config:mt? baseline.evidence:lo?
    baseline.evidence[].glob baseline.evidence[].verification baseline.rebuilds baseline.evaluation:b
solution.added/2 baseline:o baseline.solution baseline.profile baseline.code baseline.requirements baseline.release_log baseline.branch
    baseline.workflow baseline.environments:mo baseline.environments{}.target baseline.environments{}.config:mt? baseline.environments{}.names:lt?
    baseline.environments{}.protection:o? baseline.environments{}.protection.branches:lt? baseline.environments{}.protection.tags:lt?
    baseline.environments{}.protection.wait_minutes:i? baseline.evidence:lo? baseline.evidence[].glob baseline.evidence[].verification baseline.rebuilds
    baseline.evaluation:b
solution.added/3 baseline:o baseline.solution baseline.profile baseline.code baseline.requirements baseline.release_log baseline.branch
    baseline.workflow baseline.environments:mo baseline.environments{}.target baseline.environments{}.config:mt? baseline.environments{}.names:lt?
    baseline.environments{}.protection:o? baseline.environments{}.protection.branches:lt? baseline.environments{}.protection.tags:lt?
    baseline.environments{}.protection.wait_minutes:i? baseline.evidence:lo? baseline.evidence[].glob baseline.evidence[].verification baseline.rebuilds
    baseline.evaluation:b baseline.raci:lo? baseline.raci[].name baseline.raci[].gates:lt? baseline.raci[].by:mt
solution.added/4 baseline:o baseline.solution baseline.profile baseline.code baseline.requirements baseline.release_log baseline.branch
    baseline.workflow baseline.environments:mo baseline.environments{}.target baseline.environments{}.config:mt? baseline.environments{}.names:lt?
    baseline.environments{}.protection:o? baseline.environments{}.protection.branches:lt? baseline.environments{}.protection.tags:lt?
    baseline.environments{}.protection.wait_minutes:i? baseline.evidence:lo? baseline.evidence[].glob baseline.evidence[].verification baseline.rebuilds
    baseline.evaluation:b baseline.raci:lo? baseline.raci[].name baseline.raci[].gates:lt? baseline.raci[].by:mt baseline.category:i?
solution.added/5 baseline:o baseline.solution baseline.profile baseline.code baseline.requirements baseline.release_log baseline.branch
    baseline.workflow baseline.environments:mo baseline.environments{}.target baseline.environments{}.config:mt? baseline.environments{}.names:lt?
    baseline.environments{}.protection:o? baseline.environments{}.protection.branches:lt? baseline.environments{}.protection.tags:lt?
    baseline.environments{}.protection.wait_minutes:i? baseline.evidence:lo? baseline.evidence[].glob baseline.evidence[].verification baseline.rebuilds
    baseline.evaluation:b baseline.raci:lo? baseline.raci[].name baseline.raci[].gates:lt? baseline.raci[].by:mt baseline.category:i?
    baseline.templates:mt?
solution.added/6 baseline:o baseline.solution baseline.profile baseline.code baseline.requirements baseline.release_log baseline.branch
    baseline.workflow baseline.environments:mo baseline.environments{}.target baseline.environments{}.config:mt? baseline.environments{}.names:lt?
    baseline.environments{}.protection:o? baseline.environments{}.protection.branches:lt? baseline.environments{}.protection.tags:lt?
    baseline.environments{}.protection.wait_minutes:i? baseline.evidence:lo? baseline.evidence[].glob baseline.evidence[].verification baseline.rebuilds
    baseline.evaluation:b baseline.raci:lo? baseline.raci[].name baseline.raci[].gates:lt? baseline.raci[].by:mt baseline.category:i?
    baseline.templates:mt?
    baseline.rollback:o? baseline.rollback.rehearse? baseline.rollback.automatic:b? baseline.scans:o? baseline.scans.severity? baseline.scans.sbom:b? baseline.scans.provenance:b?
    baseline.scans.builders:lo? baseline.scans.builders[].name baseline.scans.builders[].key
solution.revised/1 baseline:o baseline.solution baseline.profile baseline.code baseline.requirements baseline.release_log baseline.branch
    baseline.workflow baseline.environments:mo baseline.environments{}.target baseline.environments{}.config:mt? baseline.environments{}.names:lt?
    baseline.environments{}.protection:o? baseline.environments{}.protection.branches:lt? baseline.environments{}.protection.tags:lt?
    baseline.environments{}.protection.wait_minutes:i? baseline.evidence:lo? baseline.evidence[].glob baseline.evidence[].verification baseline.rebuilds
    baseline.evaluation:b baseline.raci:lo? baseline.raci[].name baseline.raci[].gates:lt? baseline.raci[].by:mt approval
solution.revised/2 baseline:o baseline.solution baseline.profile baseline.code baseline.requirements baseline.release_log baseline.branch
    baseline.workflow baseline.environments:mo baseline.environments{}.target baseline.environments{}.config:mt? baseline.environments{}.names:lt?
    baseline.environments{}.protection:o? baseline.environments{}.protection.branches:lt? baseline.environments{}.protection.tags:lt?
    baseline.environments{}.protection.wait_minutes:i? baseline.evidence:lo? baseline.evidence[].glob baseline.evidence[].verification baseline.rebuilds
    baseline.evaluation:b baseline.raci:lo? baseline.raci[].name baseline.raci[].gates:lt? baseline.raci[].by:mt baseline.category:i? approval
solution.revised/3 baseline:o baseline.solution baseline.profile baseline.code baseline.requirements baseline.release_log baseline.branch
    baseline.workflow baseline.environments:mo baseline.environments{}.target baseline.environments{}.config:mt? baseline.environments{}.names:lt?
    baseline.environments{}.protection:o? baseline.environments{}.protection.branches:lt? baseline.environments{}.protection.tags:lt?
    baseline.environments{}.protection.wait_minutes:i? baseline.evidence:lo? baseline.evidence[].glob baseline.evidence[].verification baseline.rebuilds
    baseline.evaluation:b baseline.raci:lo? baseline.raci[].name baseline.raci[].gates:lt? baseline.raci[].by:mt baseline.category:i?
    baseline.templates:mt? approval
solution.revised/4 baseline:o baseline.solution baseline.profile baseline.code baseline.requirements baseline.release_log baseline.branch
    baseline.workflow baseline.environments:mo baseline.environments{}.target baseline.environments{}.config:mt? baseline.environments{}.names:lt?
    baseline.environments{}.protection:o? baseline.environments{}.protection.branches:lt? baseline.environments{}.protection.tags:lt?
    baseline.environments{}.protection.wait_minutes:i? baseline.evidence:lo? baseline.evidence[].glob baseline.evidence[].verification baseline.rebuilds
    baseline.evaluation:b baseline.raci:lo? baseline.raci[].name baseline.raci[].gates:lt? baseline.raci[].by:mt baseline.category:i?
    baseline.templates:mt?
    baseline.rollback:o? baseline.rollback.rehearse? baseline.rollback.automatic:b? baseline.scans:o? baseline.scans.severity? baseline.scans.sbom:b? baseline.scans.provenance:b?
    baseline.scans.builders:lo? baseline.scans.builders[].name baseline.scans.builders[].key
    approval
tasks.started/1 execution call:i environment target deployment:i version commit tree jobs:lt found:lt
token.issued/1 execution audience subject key
"""


def _types():
    out, name = {}, None
    for word in TABLE.split():
        if "/" in word and word.rsplit("/", 1)[1].isdigit():
            name = word
            out[name] = {}
            continue
        optional = word.endswith("?")
        path, _, kind = word.rstrip("?").partition(":")
        out[name][path] = (kind or "t", optional)
    return {name: _object(fields) for name, fields in out.items()}


def _object(fields):
    """The specification of an object: field name -> (type, optional); a type is t, i, b, ("l", T), ("m", T) or a dictionary."""
    own, inner = {}, {}
    for path, kind in fields.items():
        cut = path.find(".")
        if cut < 0:
            own[path] = kind
        else:
            inner.setdefault(path[:cut].replace("[]", "").replace("{}", ""), {})[path[cut + 1 :]] = kind
    return {name: (_type(kind, inner.get(name, {})), optional) for name, (kind, optional) in own.items()}


def _type(kind, inner):
    if kind[0] in "lm":
        return (kind[0], _type(kind[1:], inner))
    return _object(inner) if kind[0] == "o" else kind[0]


TYPES = _types()
