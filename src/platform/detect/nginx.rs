//! The nginx that is installed: what `nginx -V` says.

use super::tools::Tool;
use super::version::Version;
use super::view::View;
use serde::{Deserialize, Serialize};

/// A build of nginx.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct NginxBuild {
    /// Path of the program.
    pub path: String,
    /// Its version.
    pub version: Version,
    /// The TLS library it runs with, such as `OpenSSL 3.0.15`; none when it was built without TLS.
    pub tls: Option<String>,
    /// The main configuration file it was built for.
    pub conf_path: Option<String>,
    /// Optional modules it was built with, in the order of `nginx -V`.
    pub modules: Vec<Module>,
}

/// An optional module of nginx.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Module {
    /// Its name without `--with-`, such as `http_v2_module`.
    pub name: String,
    /// Whether it has to be loaded by a directive.
    pub dynamic: bool,
}

impl NginxBuild {
    /// Whether `module` is part of the program itself.
    pub fn has(&self, module: &str) -> bool {
        self.modules.iter().any(|m| m.name == module && !m.dynamic)
    }

    /// Reads what `nginx -V` printed.
    pub fn parse(path: &str, text: &str) -> Option<NginxBuild> {
        let after = |start: &str| text.lines().find_map(|l| l.trim().strip_prefix(start)).map(str::trim);
        // Forks print their own name: "nginx version: openresty/1.25.3.1".
        let version = after("nginx version:")?.split_once('/').and_then(|(_, v)| Version::first_in(v))?;
        let built = after("built with").map(|l| match l.split_once("(running with ") {
            Some((_, running)) => running.trim_end_matches(')'),
            None => l,
        });
        // "OpenSSL 3.0.15 3 Sep 2024": the date is of no use.
        let tls = built.map(|l| l.split_whitespace().take(2).collect::<Vec<_>>().join(" "));
        let arguments = split_arguments(after("configure arguments:").unwrap_or_default());
        let value = |name: &str| arguments.iter().find_map(|a| a.strip_prefix(name)).map(str::to_owned);
        let modules = arguments.iter().filter_map(|a| module(a)).collect();
        Some(NginxBuild { path: path.to_owned(), version, tls, conf_path: value("--conf-path="), modules })
    }
}

fn module(argument: &str) -> Option<Module> {
    let name = argument.strip_prefix("--with-")?;
    let (name, dynamic) = name.strip_suffix("=dynamic").map_or((name, false), |n| (n, true));
    let wanted = name.ends_with("_module") || matches!(name, "stream" | "mail" | "threads" | "file-aio" | "pcre-jit");
    wanted.then(|| Module { name: name.to_owned(), dynamic })
}

/// Splits at spaces outside single quotes, as nginx's configure script writes them.
fn split_arguments(line: &str) -> Vec<String> {
    let mut arguments = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '\'' => quoted = !quoted,
            ' ' if !quoted => arguments.push(String::new()),
            _ => arguments.last_mut().into_iter().for_each(|a| a.push(c)),
        }
    }
    arguments.retain(|a| !a.is_empty());
    arguments
}

pub(super) fn build(view: &View<'_>) -> Option<NginxBuild> {
    let path = view.tools.find(Tool::Nginx)?;
    NginxBuild::parse(&path.display().to_string(), &view.tools.ask(Tool::Nginx, &["-V"])?)
}
