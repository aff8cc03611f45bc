//! What a site is, as the API and the store know it.

use crate::base::clock::Time;
use crate::base::names::{Domain, HeaderName, HeaderValue, SiteName, Upstream};
use crate::base::patch::Patch;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What answers a site's requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SiteKind {
    /// Files from the site's own folder.
    Static,
    /// Another server, through a reverse proxy.
    Proxy,
}

impl SiteKind {
    /// The kind's name.
    pub fn name(self) -> &'static str {
        match self {
            SiteKind::Static => "static",
            SiteKind::Proxy => "proxy",
        }
    }
}

/// Whether a site is served.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SiteState {
    /// It is served.
    Active,
    /// Somebody switched it off.
    Disabled,
    /// Its new configuration failed in a change of several sites; it is served as before.
    Quarantined,
}

impl SiteState {
    /// The state's name.
    pub fn name(self) -> &'static str {
        match self {
            SiteState::Active => "active",
            SiteState::Disabled => "disabled",
            SiteState::Quarantined => "quarantined",
        }
    }
}

/// A header that a proxy site adds to each request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// Its name.
    pub name: HeaderName,
    /// Its value.
    pub value: HeaderValue,
}

/// The settings of a site, kept as one JSON text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Whether a proxy site lets WebSockets through.
    pub websocket: bool,
    /// Longest silence of the upstream in seconds.
    pub timeout_s: u32,
    /// Headers added to each request.
    pub headers: Vec<Header>,
    /// Largest request body in MiB.
    pub max_body_mb: Option<u32>,
}

impl Default for Options {
    fn default() -> Self {
        Self { websocket: true, timeout_s: 60, headers: vec![], max_body_mb: None }
    }
}

/// A new site.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteCreate {
    /// Primary domain; letters of any script.
    pub domain: Domain,
    /// What answers.
    pub kind: SiteKind,
    /// Further domains that show the same site.
    #[schemars(length(max = 100), extend("x-flag" = "alias"))]
    pub aliases: Option<Vec<Domain>>,
    /// Where a proxy site sends its requests, such as `http://127.0.0.1:3000`.
    pub upstream: Option<Upstream>,
    /// Whether a proxy site lets WebSockets through; it does unless told otherwise.
    pub websocket: Option<bool>,
    /// Longest silence of the upstream in seconds.
    #[schemars(range(min = 1, max = 86400))]
    pub timeout_s: Option<u32>,
    /// Headers that a proxy site adds to each request.
    #[schemars(length(max = 50), extend("x-flag" = "header"))]
    pub headers: Option<Vec<Header>>,
    /// Largest request body in MiB.
    #[schemars(range(min = 1, max = 10240))]
    pub max_body_mb: Option<u32>,
    /// Whether it is served; it is unless told otherwise.
    pub enabled: Option<bool>,
}

/// A change of a site. What is absent stays; `null` goes back to the default.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteUpdate {
    /// The site: its domain or its id.
    pub domain: SiteName,
    /// New primary domain. The folder keeps its name.
    pub new_domain: Option<Domain>,
    /// Further domains that show the same site.
    #[serde(default)]
    #[schemars(length(max = 100), extend("x-flag" = "alias"))]
    pub aliases: Patch<Vec<Domain>>,
    /// Where a proxy site sends its requests.
    pub upstream: Option<Upstream>,
    /// Whether a proxy site lets WebSockets through.
    #[serde(default)]
    pub websocket: Patch<bool>,
    /// Longest silence of the upstream in seconds.
    #[serde(default)]
    #[schemars(range(min = 1, max = 86400))]
    pub timeout_s: Patch<u32>,
    /// Headers that a proxy site adds to each request.
    #[serde(default)]
    #[schemars(length(max = 50), extend("x-flag" = "header"))]
    pub headers: Patch<Vec<Header>>,
    /// Largest request body in MiB.
    #[serde(default)]
    #[schemars(range(min = 1, max = 10240))]
    pub max_body_mb: Patch<u32>,
    /// Whether it is served.
    pub enabled: Option<bool>,
    /// Replace the site's nginx file although somebody changed it by hand.
    pub discard_drift: Option<bool>,
}

/// A domain in both of its forms.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct NameView {
    /// ASCII (punycode) form.
    pub domain: String,
    /// The form for people.
    pub name: String,
}

/// Why a site is not as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ProblemView {
    /// Stable code.
    pub code: String,
    /// What happened, in the reader's language.
    pub detail: String,
    /// What nginx said.
    pub evidence: Option<String>,
}

/// A site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "Site")]
pub struct SiteView {
    /// Immutable id.
    pub id: String,
    /// Primary domain, ASCII form.
    pub domain: String,
    /// Primary domain, the form for people.
    pub name: String,
    /// Further domains.
    pub aliases: Vec<NameView>,
    /// What answers.
    pub kind: SiteKind,
    /// Whether it is switched on.
    pub enabled: bool,
    /// Whether it is served.
    pub state: SiteState,
    /// Whether somebody had changed its nginx file by hand when the panel last looked, which it does every ten minutes.
    pub drifted: bool,
    /// Folder with its files, for static sites.
    pub document_root: Option<String>,
    /// Where its requests go, for proxy sites.
    pub upstream: Option<Upstream>,
    /// Whether WebSockets pass, for proxy sites.
    pub websocket: Option<bool>,
    /// Longest silence of the upstream in seconds, for proxy sites.
    pub timeout_s: Option<u32>,
    /// Headers added to each request, for proxy sites.
    pub headers: Vec<Header>,
    /// Largest request body in MiB, when it is not the default.
    pub max_body_mb: Option<u32>,
    /// Its address.
    pub url: String,
    /// Its address over TLS.
    pub https_url: String,
    /// Counts its changes; goes into `If-Match`.
    pub revision: i64,
    /// When it was made.
    pub created_at: Time,
    /// When it was last changed.
    pub updated_at: Time,
    /// Why it is not as it should be.
    pub problem: Option<ProblemView>,
}
