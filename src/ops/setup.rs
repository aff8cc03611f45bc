//! The first run, and the certificate of the panel's own port, which is one of its steps.

use super::{Acted, Cx, Meta, Method, Need, Nothing, Op, Operation, PlainAct, Read};
use crate::base::access::Permission::{SystemChange, SystemRead};
use crate::base::{Error, Result};
use crate::platform::panel_tls::{self, CertificateFacts};
use crate::services::setup::{self, Setup, StepName, StepState};
use crate::store::Tx;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

pub(super) const OPS: &[Op] = &[Op::read::<Show>(), Op::act::<Update>(), Op::read::<Certificate>()];

struct Show;

impl Operation for Show {
    const META: Meta = Meta::new("setup.show", Method::Get, "/setup", Need::Has(SystemRead)).stored();
    type In = Nothing;
    type Out = Setup;
}

impl Read for Show {
    fn read(cx: &Cx, _: Nothing) -> Result<Setup> {
        cx.core.store.read(setup::show)
    }
}

/// A step, and where it stands from now on.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct StepInput {
    /// Which step.
    step: StepName,
    /// Where it stands.
    state: StepState,
}

struct Update;

impl Operation for Update {
    const META: Meta = Meta::new("setup.update", Method::Patch, "/setup", Need::Has(SystemChange));
    type In = StepInput;
    type Out = Setup;
}

impl PlainAct for Update {
    fn about(_: &Cx, input: &StepInput) -> Result<String> {
        Ok(input.step.name().into())
    }

    fn act(cx: &Cx, tx: &Tx, input: StepInput) -> Result<Acted<Setup>> {
        let state = |setup: &Setup| serde_json::to_value(&setup.steps).map_err(Error::fault);
        let before = state(&setup::show(tx)?)?;
        setup::note(tx, (input.step, input.state), &cx.actor.shown(), cx.core.now())?;
        let now = setup::show(tx)?;
        let after = state(&now)?;
        Ok(Acted::new(now, input.step.name()).changed(before, after))
    }
}

/// The certificate of the panel's own port.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct CertificateView {
    /// Whether the panel speaks TLS at all; on loopback it need not.
    tls: bool,
    /// File of the certificate and those above it, PEM: one of one's own is put there.
    certificate_file: String,
    /// File of its private key, PEM.
    key_file: String,
    /// What is in the file; `null` where there is none yet.
    certificate: Option<CertificateFacts>,
}

struct Certificate;

impl Operation for Certificate {
    const META: Meta = Meta::new("panel.certificate", Method::Get, "/panel/certificate", Need::Has(SystemRead));
    type In = Nothing;
    type Out = CertificateView;
}

impl Read for Certificate {
    fn read(cx: &Cx, _: Nothing) -> Result<CertificateView> {
        let folder = cx.core.config.panel_tls_folder();
        let file = |rel: &str| folder.join(rel).display().to_string();
        Ok(CertificateView {
            tls: cx.core.settings.now(&cx.core.store)?.panel.tls,
            certificate_file: file(panel_tls::CERTIFICATE),
            key_file: file(panel_tls::KEY),
            certificate: panel_tls::facts(&folder)?,
        })
    }
}
