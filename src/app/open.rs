//! Opening the panel's state: configuration, key, database, machine, engine.

use crate::base::clock::Clock;
use crate::base::layout::{Layout, control_url};
use crate::base::{Result, ids};
use crate::config::{Config, Database, FileText, LoadInput, Loaded, Override, file_path, load};
use crate::engine::core::Parts;
use crate::engine::hooks::NoHooks;
use crate::engine::{Actor, Core, Request, apply, recover};
use crate::platform::clock::SystemClock;
use crate::platform::local::{LocalHost, Places};
use crate::platform::{Faults, Host, HostOp, files};
use crate::services::sites;
use crate::store::key_file::{self, KeyFileRule};
use crate::store::{Options, READERS_DEFAULT, Store, lease, migrations};
use std::path::Path;
use std::sync::Arc;

/// Largest configuration file that is read.
const CONFIG_BYTES_MAX: usize = 1024 * 1024;

/// Reads file and environment of the installation at `root`. Problems are returned all together, worded.
pub fn config(root: &Path, overrides: Vec<Override>) -> Result<Loaded> {
    let path = file_path(root);
    let file = files::read_own(&path, CONFIG_BYTES_MAX)?.map(|text| FileText { path, text });
    let env = std::env::vars().filter(|(name, _)| name.starts_with("MANARA_")).collect();
    Ok(load(LoadInput { root: root.to_owned(), env, file, overrides })?)
}

/// Opens the database, making key and folders in the development profile, and brings it up to date.
pub fn store(config: &Config, clock: Arc<dyn Clock>) -> Result<Store> {
    let rule = if config.is_development() {
        if files::owner(&config.key_file)?.is_none() {
            config.key_file.parent().map(files::RootDir::open_or_make).transpose()?;
            key_file::create(&config.key_file)?;
        }
        KeyFileRule::Any
    } else {
        KeyFileRule::Private { group: None }
    };
    let master_key = key_file::load(&config.key_file, rule)?;
    let Database::Sqlite(path) = &config.database;
    Store::open(Options { path: path.clone(), master_key, clock, readers: READERS_DEFAULT })
}

/// Opens everything and repairs what an earlier run left behind. Afterwards changes may be made.
pub fn core(loaded: Loaded) -> Result<Arc<Core>> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let store = store(&loaded.config, clock.clone())?;
    let faults = Arc::new(Faults::from_environment());
    let config = &loaded.config;
    let places = Places { root: config.root.clone(), probe: control_url(config.nginx_http_port) };
    let host: Arc<dyn Host> = Arc::new(LocalHost::open(&places, faults.clone())?);
    assemble(loaded, store, host, clock, faults)
}

/// Puts the engine together over a store and a machine.
pub fn assemble(
    loaded: Loaded,
    store: Store,
    host: Arc<dyn Host>,
    clock: Arc<dyn Clock>,
    faults: Arc<Faults>,
) -> Result<Arc<Core>> {
    migrations::up(&store)?;
    let owner = ids::new_id("o")?;
    lease::take(&store, &owner)?;
    let config = &loaded.config;
    let layout = Layout {
        root: config.root.clone(),
        http_port: config.nginx_http_port,
        https_port: config.nginx_https_port,
        ipv6: files::owner(Path::new("/proc/net/if_inet6"))?.is_some(),
        user: files::is_root().then_some(if config.is_development() { "root" } else { "www-data" }),
    };
    let core = Core::new(Parts { loaded, store, host, clock, layout, hooks: Box::new(NoHooks), faults, owner });
    recover::recover(&core)?;
    Ok(core)
}

/// Brings nginx's base files up to date and makes sure that it runs with what is on disk. Without nginx nothing happens:
/// it can be installed from the panel.
pub fn ensure_nginx(core: &Arc<Core>) -> Result<()> {
    if core.nginx_status()?.version.is_none() {
        log::warn!(target: "nginx", "nginx is not installed; sites can be created once it is");
        return Ok(());
    }
    core.host.ask(&HostOp::NginxPrepare)?;
    let draft = sites::base_plan(core)?;
    let request = Request::console(ids::new_id("r")?, Default::default());
    if !draft.changes.is_empty() {
        let plan = apply::plan(core, "nginx.base", draft, &Actor::Console, false)?;
        let ticket = apply::start(core, plan, &Actor::Console, &request)?;
        return ticket.wait(std::time::Duration::from_secs(120)).unwrap_or(Ok(Default::default())).map(drop);
    }
    if core.nginx_status()?.running { Ok(()) } else { crate::engine::gate::reload(core) }
}
