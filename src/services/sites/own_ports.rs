//! Upstreams that a site may not have because the panel or nginx itself answers there. Checked when a site is planned
//! and whenever its file is rendered, because the panel's address and the machine's addresses change too.

use crate::base::layout::CONTROL;
use crate::base::names::Upstream;
use crate::base::{Error, FieldProblem, Result};
use crate::engine::Core;
use crate::platform::addresses::is_own;
use crate::store::backends::Backend;

/// Refuses `upstream` when it is the panel's port or one of nginx's on this machine, on whatever address. Through the
/// first a site would lead around the panel's lists of addresses, the second is a loop.
pub(super) fn refuse(core: &Core, upstream: &Upstream) -> Result<()> {
    let (address, port) = (upstream.address(), upstream.port());
    let refused = |code| {
        let problem = FieldProblem::new("upstream", code).with("port", port).with("address", address);
        Err(Error::bad_field(problem))
    };
    if address == CONTROL {
        return refused("upstream_own_nginx");
    }
    let code = if port == core.settings.now(&core.store)?.panel.listen.port() {
        "upstream_own_panel"
    } else if [core.layout.http_port, core.layout.https_port].contains(&port) {
        "upstream_own_nginx"
    } else {
        return Ok(());
    };
    if is_own(address)? { refused(code) } else { Ok(()) }
}

/// The upstream of a stored backend, unless it has become one that is refused.
pub(super) fn checked(core: &Core, backend: &Backend) -> Result<Upstream> {
    let upstream = backend.upstream.parse().map_err(Error::fault)?;
    refuse(core, &upstream).map(|()| upstream)
}
