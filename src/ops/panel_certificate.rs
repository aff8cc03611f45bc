//! The certificate of the panel's own port: shown, set, made anew. A change is guarded, as one of the panel's address is.

use super::guard::GuardView;
use super::{Act, Acted, Cx, Meta, Method, Need, Nothing, Op, Operation, Read};
use crate::base::access::Permission::{SystemChange, SystemRead};
use crate::base::{Error, Result, Secret};
use crate::engine::settings::{CERTIFICATE, Resolved};
use crate::engine::{Core, certificate, guard};
use crate::platform::panel_tls::{self, CERTIFICATE_BYTES_MAX, CertificateFacts, KEY_BYTES_MAX, PanelTls};
use crate::store::{Tx, settings as rows};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub(super) const OPS: &[Op] = &[Op::read::<Show>(), Op::act::<Set>(), Op::act::<Remake>()];

/// What the audit trail calls it.
const TARGET: &str = "panel-certificate";

/// The certificate of the panel's own port.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct CertificateView {
    /// Whether the panel speaks TLS at all; on loopback it need not.
    tls: bool,
    /// File of the certificate and those above it, PEM: one of one's own may be put there by hand, too.
    certificate_file: String,
    /// File of its private key, PEM.
    key_file: String,
    /// What new connections are shown; `null` where there is none yet.
    certificate: Option<CertificateFacts>,
    /// Names of the option `panel.host_names` that it does not count for: browsers warn there.
    uncovered: Vec<String>,
    /// The change of it that is taken back unless somebody confirms it.
    guard: Option<GuardView>,
}

impl CertificateView {
    fn new(cx: &Cx, tx: &Tx, now: &Resolved, certificate: Option<CertificateFacts>) -> Result<CertificateView> {
        let folder = cx.core.config.panel_tls_folder();
        let file = |rel: &str| folder.join(rel).display().to_string();
        Ok(CertificateView {
            tls: now.panel.tls,
            certificate_file: file(panel_tls::CERTIFICATE),
            key_file: file(panel_tls::KEY),
            uncovered: certificate.as_ref().map(|facts| uncovered(now, facts)).unwrap_or_default(),
            certificate,
            guard: GuardView::inside(cx, tx, now)?.filter(|guard| guard.changes(CERTIFICATE)),
        })
    }
}

fn uncovered(now: &Resolved, facts: &CertificateFacts) -> Vec<String> {
    now.panel.host_names.iter().filter(|name| !facts.covers(name)).cloned().collect()
}

/// What new connections are shown, or would be with TLS.
fn shown(core: &Core, now: &Resolved) -> Result<Option<CertificateFacts>> {
    let answering = core.doors.get()?.filter(|_| now.panel.tls).and_then(|doors| doors.certificate());
    let folder = core.config.panel_tls_folder();
    let lying = || panel_tls::present(&folder).ok().flatten().map(|files| files.certificate);
    // A file that holds none is what `doctor` tells of.
    Ok(answering.or_else(lying).and_then(|pem| panel_tls::facts(&pem).ok()))
}

struct Show;

impl Operation for Show {
    const META: Meta = Meta::new("panel_certificate.show", Method::Get, "/panel/certificate", Need::Has(SystemRead));
    type In = Nothing;
    type Out = CertificateView;
}

impl Read for Show {
    fn read(cx: &Cx, _: Nothing) -> Result<CertificateView> {
        let now = cx.core.settings.now(&cx.core.store)?;
        let certificate = shown(cx.core, &now)?;
        cx.core.store.read(|tx| CertificateView::new(cx, tx, &now, certificate))
    }
}

/// A certificate of one's own.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SetInput {
    /// The certificate, followed by those above it, PEM.
    #[schemars(length(max = CERTIFICATE_BYTES_MAX), extend("x-file" = true))]
    certificate: String,
    /// Its private key, PEM, without a passphrase.
    #[schemars(extend("maxLength" = KEY_BYTES_MAX, "x-file" = true))]
    key: Secret<String>,
}

/// A pair to be shown, and what its certificate says.
type Ready = (PanelTls, CertificateFacts);

struct Set;

impl Operation for Set {
    const META: Meta = Meta::new("panel_certificate.set", Method::Post, "/panel/certificate", Need::Has(SystemChange));
    type In = SetInput;
    type Out = CertificateView;
}

impl Act for Set {
    type Ready = Ready;

    fn about(_: &Cx, _: &SetInput) -> Result<String> {
        Ok(TARGET.into())
    }

    fn prepare(cx: &Cx, input: &SetInput) -> Result<Ready> {
        panel_tls::check(&input.certificate, &input.key, cx.core.now()).map_err(Error::bad_input)
    }

    fn act(cx: &Cx, tx: &Tx, _: SetInput, (pair, facts): Ready) -> Result<Acted<CertificateView>> {
        let told = told(&facts);
        put(cx, tx, (&pair, facts), told)
    }
}

struct Remake;

impl Operation for Remake {
    const META: Meta =
        Meta::new("panel_certificate.remake", Method::Post, "/panel/certificate/remake", Need::Has(SystemChange));
    type In = Nothing;
    type Out = CertificateView;
}

impl Act for Remake {
    type Ready = Ready;

    fn about(_: &Cx, _: &Nothing) -> Result<String> {
        Ok(TARGET.into())
    }

    fn prepare(cx: &Cx, _: &Nothing) -> Result<Ready> {
        let names = &cx.core.settings.now(&cx.core.store)?.panel.host_names;
        let pair = panel_tls::make(&certificate::names_for(names))?;
        let facts = panel_tls::facts(&pair.certificate)?;
        Ok((pair, facts))
    }

    fn act(cx: &Cx, tx: &Tx, _: Nothing, (pair, facts): Ready) -> Result<Acted<CertificateView>> {
        let mut told = told(&facts);
        if cx.request.dry_run {
            // The one that is made afterwards is another one.
            told["fingerprint"] = Value::Null;
        }
        put(cx, tx, (&pair, facts), told)
    }
}

/// What the audit trail and a dry run tell of a certificate.
fn told(facts: &CertificateFacts) -> Value {
    json!({
        "fingerprint": facts.fingerprint,
        "self_made": facts.self_made,
        "names": facts.names,
        "not_after": facts.not_after,
    })
}

/// Has `pair` shown, until it is confirmed or taken back. Without TLS nobody could be shut out: it becomes the files at
/// once.
fn put(
    cx: &Cx,
    tx: &Tx,
    (pair, facts): (&PanelTls, CertificateFacts),
    mut after_told: Value,
) -> Result<Acted<CertificateView>> {
    let core: &Core = cx.core;
    guard::refuse_second(core, tx, &[CERTIFICATE])?;
    let (former, before) = (guard::stored(tx)?, core.settings.inside(tx)?);
    let before_told = shown(core, &before)?.map_or(Value::Null, |facts| told(&facts));
    let missing = uncovered(&before, &facts);
    if !missing.is_empty() {
        after_told["uncovered"] = json!(missing);
    }
    if cx.request.dry_run {
        let view = CertificateView::new(cx, tx, &before, Some(facts))?;
        return Ok(Acted::new(view, TARGET).changed(before_told, after_told));
    }
    // It has to be there before a row can name it; where that row never comes to be, it goes again.
    let kept = panel_tls::keep(&core.config.panel_tls_folder(), pair)?;
    rows::put(tx, CERTIFICATE, &json!(kept.id().to_string()), &cx.actor.shown(), core.now())?;
    let after = core.settings.inside(tx)?;
    let open = guard::begin(core, tx, cx.actor, &former, (&before, &after))?;
    let view = CertificateView::new(cx, tx, &after, Some(facts))?;
    let acted = Acted::new(view, TARGET).changed(before_told, after_told);
    let engine = cx.core.clone();
    Ok(acted.then(move |core| {
        kept.stays();
        match open {
            Some(open) => guard::begun(&engine, open),
            None => certificate::settle(core),
        }
    }))
}
