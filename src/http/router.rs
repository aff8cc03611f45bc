//! Paths of the API, from the registry, put into a table once.

use super::refusal::Refusal;
use super::text;
use crate::ops::{self, Op};
use hyper::Method;
use std::collections::HashMap;

/// Everything below this is the API.
pub(super) const PREFIX: &str = "/api/v1";

/// The table: routes by their number of parts, those with more fixed parts first.
pub(super) struct Routes(HashMap<usize, Vec<Route>>);

struct Route {
    parts: Vec<Part>,
    ops: Vec<usize>,
    allow: String,
}

enum Part {
    Fixed(&'static str),
    Field(&'static str),
}

/// A path that exists.
pub(super) struct Found<'a> {
    route: &'a Route,
    /// Values of the fields that stand in the path.
    pub(super) fields: Vec<(&'static str, String)>,
}

impl Routes {
    /// The routes of every operation.
    pub(super) fn new() -> Self {
        let mut by_path: Vec<(&'static str, Route)> = Vec::new();
        for (number, op) in ops::ALL.iter().enumerate() {
            match by_path.iter_mut().find(|(path, _)| *path == op.meta.path) {
                Some((_, route)) => route.ops.push(number),
                None => {
                    let parts = op.meta.path.split('/').skip(1).map(Part::of).collect();
                    by_path.push((op.meta.path, Route { parts, ops: vec![number], allow: String::new() }));
                }
            }
        }
        let mut table: HashMap<usize, Vec<Route>> = HashMap::new();
        for (_, mut route) in by_path {
            route.allow = route.allowed();
            table.entry(route.parts.len()).or_default().push(route);
        }
        for routes in table.values_mut() {
            routes.sort_by_key(|r| r.parts.iter().filter(|p| matches!(p, Part::Field(_))).count());
        }
        Self(table)
    }

    /// The route of `path`, which is what follows [`PREFIX`].
    pub(super) fn find(&self, path: &str) -> Result<Found<'_>, Refusal> {
        let parts = || path.split('/').skip(1);
        let candidates = self.0.get(&parts().count()).map(Vec::as_slice).unwrap_or_default();
        let route = candidates.iter().find(|r| r.parts.iter().zip(parts()).all(|(part, text)| part.fits(text)));
        let route = route.ok_or_else(Refusal::no_such_path)?;
        let mut fields = Vec::new();
        for (part, text) in route.parts.iter().zip(parts()) {
            if let Part::Field(name) = part {
                fields.push((*name, text::decode(text)?.into_owned()));
            }
        }
        Ok(Found { route, fields })
    }
}

impl Part {
    fn of(text: &'static str) -> Part {
        match text.strip_prefix('{').and_then(|t| t.strip_suffix('}')) {
            Some(name) => Part::Field(name),
            None => Part::Fixed(text),
        }
    }

    fn fits(&self, text: &str) -> bool {
        match self {
            Part::Fixed(word) => *word == text,
            Part::Field(_) => !text.is_empty(),
        }
    }
}

impl Route {
    fn allowed(&self) -> String {
        let mut methods: Vec<&str> = self.ops.iter().map(|n| ops::ALL[*n].meta.method.name()).collect();
        if methods.contains(&"GET") {
            methods.push("HEAD");
        }
        methods.sort_unstable();
        methods.join(", ")
    }
}

impl Found<'_> {
    /// The operation for `method` and its number in the registry; HEAD is GET without the body.
    pub(super) fn op(&self, method: &Method) -> Result<(usize, &'static Op), Refusal> {
        let wanted = if *method == Method::HEAD { "GET" } else { method.as_str() };
        let number = self.route.ops.iter().find(|n| ops::ALL[**n].meta.method.name() == wanted);
        let number = *number.ok_or_else(|| Refusal::wrong_method(method, &self.route.allow))?;
        Ok((number, &ops::ALL[number]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_operation_has_a_route_of_its_own() {
        let routes = Routes::new();
        for op in ops::ALL.iter() {
            let path = op.meta.path.replace(['{', '}'], "");
            let found = routes.find(&path).unwrap_or_else(|_| panic!("{path} is not found"));
            let method = Method::from_bytes(op.meta.method.name().as_bytes()).unwrap();
            assert_eq!(found.op(&method).unwrap().1.meta.id, op.meta.id);
            assert_eq!(found.fields.len(), op.meta.path_fields().count());
        }
    }

    #[test]
    fn fields_are_decoded_and_empty_parts_are_no_fields() {
        let routes = Routes::new();
        let found = routes.find("/sites/%D9%85%D8%AB%D8%A7%D9%84.test").unwrap();
        assert_eq!(found.fields, [("domain", "مثال.test".to_owned())]);
        for path in ["", "/", "/sites/", "/sites//nginx", "/Sites", "/sites/a/b/c", "sites"] {
            assert!(routes.find(path).is_err(), "{path}");
        }
    }

    #[test]
    fn wrong_methods_are_told_the_right_ones() {
        let routes = Routes::new();
        let found = routes.find("/sites").unwrap();
        let refusal = found.op(&Method::PUT).map(|_| ()).unwrap_err();
        assert_eq!(refusal.status, 405);
        assert_eq!(refusal.allow.as_deref(), Some("GET, HEAD, POST"));
        assert_eq!(found.op(&Method::HEAD).unwrap().1.meta.id, "site.list");
    }

    #[test]
    fn nothing_that_changes_is_a_get() {
        for op in ops::ALL.iter().filter(|op| op.changes()) {
            assert_ne!(op.meta.method, ops::Method::Get, "{}", op.meta.id);
        }
    }
}
