//! The store-homed options of the panel itself, joined from stored values and what overrides them in this run.

use super::load::{Loaded, Setting};
use super::options::{Home, find};
use super::problem::{ConfigProblems, Origin, Problem};
use super::value::{Reason, Value};
use crate::base::names::Network;
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// How the panel is reached, and how long a session lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Panel {
    /// `panel.listen`
    pub listen: SocketAddr,
    /// `panel.tls`
    pub tls: bool,
    /// `panel.host_names`, in ASCII form: names the `Host` header may carry besides addresses, `localhost` and the
    /// machine's own name.
    pub host_names: Vec<String>,
    /// `panel.trusted_proxies`: peers whose forwarding headers are believed.
    pub trusted_proxies: Vec<Network>,
    /// `panel.allowed_addresses`: clients that may reach the panel; empty means all.
    pub allowed_addresses: Vec<Network>,
    /// `session.idle_s`
    pub session_idle_s: i64,
    /// `session.total_s`
    pub session_total_s: i64,
}

impl Panel {
    /// Joins the options with `stored` (option key → text as [`Value`] prints it). What this run overrides wins over
    /// what is stored, and that over the default. Stored values that no longer fit are problems.
    pub fn resolve(
        loaded: &Loaded,
        stored: &BTreeMap<String, String>,
    ) -> Result<(Panel, Vec<Setting>), ConfigProblems> {
        let mut problems = Vec::new();
        let mut settings = loaded.settings.clone();
        for (key, text) in stored {
            let problem = |reason| Problem::of_value(Origin::Store, key, text.clone(), reason);
            let Some(opt) = find(key).filter(|o| o.home == Home::Store) else {
                problems.push(problem(Reason::new("option.unknown")));
                continue;
            };
            match opt.kind.read(text) {
                Ok(value) => settings
                    .iter_mut()
                    .filter(|s| s.opt.key == opt.key && s.origin == Origin::Default)
                    .for_each(|s| (s.value, s.origin) = (value.clone(), Origin::Store)),
                Err(reason) => problems.push(problem(reason)),
            }
        }
        let setting = |key: &str| settings.iter().find(|s| s.opt.key == key);
        let value = |key: &str| setting(key).map(|s| s.value.clone());
        if let (Some(listen), Some(tls)) = (setting("panel.listen"), setting("panel.tls"))
            && let Err(reason) = check_listen(&listen.value, &tls.value)
        {
            let shown = listen.value.to_string();
            problems.push(Problem::of_value(listen.origin.clone(), "panel.listen", shown, reason));
        }
        let panel = Panel {
            listen: address(value("panel.listen").as_ref()).unwrap_or(LOOPBACK),
            tls: value("panel.tls") == Some(Value::Bool(true)),
            host_names: list(value("panel.host_names")),
            trusted_proxies: networks(value("panel.trusted_proxies")),
            allowed_addresses: networks(value("panel.allowed_addresses")),
            session_idle_s: integer(value("session.idle_s")),
            session_total_s: integer(value("session.total_s")),
        };
        ConfigProblems(problems).or_ok((panel, settings))
    }
}

impl Panel {
    /// Where a browser finds the panel: under its first configured name, else the machine's own name where it listens on
    /// every address, else that address. Never made from what a client calls us.
    pub fn url(&self, machine: &str) -> String {
        let scheme = if self.tls { "https" } else { "http" };
        let everywhere = self.listen.ip().is_unspecified();
        match self.host_names.first() {
            Some(name) => format!("{scheme}://{name}:{}", self.listen.port()),
            None if everywhere => format!("{scheme}://{machine}:{}", self.listen.port()),
            None => format!("{scheme}://{}", self.listen),
        }
    }
}

const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9080);

/// Plain HTTP is spoken on loopback only: elsewhere passwords would cross the network readable.
pub fn check_listen(listen: &Value, tls: &Value) -> Result<(), Reason> {
    let loopback = address(Some(listen)).is_some_and(|a| a.ip().to_canonical().is_loopback());
    if *tls == Value::Bool(true) || loopback { Ok(()) } else { Err(Reason::new("option.plain_http_outside")) }
}

fn address(value: Option<&Value>) -> Option<SocketAddr> {
    value?.to_string().parse().ok()
}

fn integer(value: Option<Value>) -> i64 {
    match value {
        Some(Value::Integer(n)) => n,
        _ => 0,
    }
}

fn list(value: Option<Value>) -> Vec<String> {
    match value {
        Some(Value::List(items)) => items,
        _ => vec![],
    }
}

fn networks(value: Option<Value>) -> Vec<Network> {
    list(value).iter().filter_map(|item| item.parse().ok()).collect()
}
