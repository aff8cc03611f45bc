//! Which pair of certificate and key the panel's port shows. Normally that is the two files below the panel's folder,
//! where root may put others by hand. A pair that is set through the panel lies beside them, and a stored value says that
//! it counts: so taking a guarded change back is putting the former value back, whatever happened in between. Once it is
//! kept it becomes the files, and the value goes.

use super::Core;
use super::settings::CERTIFICATE;
use crate::base::Result;
use crate::platform::own;
use crate::platform::panel_tls::{self, PairId, PanelTls};
use crate::store::{Tx, guard, settings};

/// The pair that counts: the kept one that `id` names, else the files, which are made for `names` where they are missing.
pub fn in_use(core: &Core, id: Option<PairId>, names: &[String]) -> Result<PanelTls> {
    let folder = core.config.panel_tls_folder();
    match id.map(|id| panel_tls::kept(&folder, id)).transpose()?.flatten() {
        Some(pair) => Ok(pair),
        None => panel_tls::ensure(&folder, &names_for(names)),
    }
}

/// What a certificate made here counts for besides `localhost`: `configured`, and the machine's own name.
pub fn names_for(configured: &[String]) -> Vec<String> {
    configured.iter().cloned().chain([own::host_name()]).collect()
}

/// Makes the pair that counts the files where nothing is pending, and deletes the pairs that nobody needs any more. What
/// does not work out is tried again at the next start; until then the stored value goes on naming the pair.
pub fn settle(core: &Core) {
    let settled = core.store.write(|tx| adopt(core, tx)).and_then(|adopted| {
        if adopted {
            core.settings.changed(&core.store);
        }
        // Not before the value is gone for good; and within a transaction, since a pair that is just being set is not in
        // the rows yet.
        core.store.write(|tx| panel_tls::forget_all_but(&core.config.panel_tls_folder(), &needed(tx)?))
    });
    if let Err(e) = settled {
        log::error!(target: "manara::guard", "the panel's certificate could not be put in its place yet: {e}");
    }
}

fn adopt(core: &Core, tx: &Tx) -> Result<bool> {
    match (guard::current(tx)?, core.settings.inside(tx)?.certificate) {
        (None, Some(id)) => {
            panel_tls::adopt(&core.config.panel_tls_folder(), id)?;
            settings::delete(tx, CERTIFICATE)
        }
        _ => Ok(false),
    }
}

/// The pairs that the stored value names, or will name again.
fn needed(tx: &Tx) -> Result<Vec<PairId>> {
    let stored = super::guard::stored(tx)?;
    let pending = guard::current(tx)?.into_iter().flat_map(|guard| guard.changes);
    let of_guard = pending.filter(|change| change.key == CERTIFICATE).flat_map(|change| [change.before, change.after]);
    of_guard.flatten().chain(stored.get(CERTIFICATE).cloned()).map(|text| text.parse()).collect()
}
