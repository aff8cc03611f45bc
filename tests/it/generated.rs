//! Generated documents that are committed are those of this program.

use manara::cli::documents;
use manara::ops::openapi;

fn fresh(path: &str, text: &str) {
    let committed = std::fs::read_to_string(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(path));
    assert!(committed.unwrap_or_default() == text, "{path} is not what the program prints: run scripts/generate.sh");
}

#[test]
fn the_api_description_is_fresh() {
    let text = serde_json::to_string_pretty(&openapi::document()).unwrap();
    fresh("assets/openapi.json", &format!("{text}\n"));
}

#[test]
fn the_permission_matrix_is_fresh() {
    fresh("assets/permissions.md", &documents::permissions());
}

#[test]
fn the_command_reference_is_fresh() {
    fresh("assets/cli.md", &documents::commands());
}
