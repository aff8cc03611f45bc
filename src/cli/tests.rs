//! Arguments to input, help in both languages, exit codes, errors in words.

use super::output::{Failure, Screen};
use super::request::Ask;
use super::tree::{self, Say, Shape};
use super::{documents, fields, globals, plan, table, usage};
use crate::base::locale::Lang;
use crate::base::{Error, Kind};
use crate::ops;
use serde_json::{Value, json};

fn words(line: &str) -> Vec<String> {
    line.split(' ').map(|w| w.replace('_', " ")).collect()
}

/// The request that a line asks for.
fn asked(line: &str) -> Result<(Value, Ask), Failure> {
    let args = words(line);
    let early = globals::Early::read(&args);
    let shape = Shape { words: &early.words, whole: false, say: Say(None) };
    let matches = tree::build(&shape).try_get_matches_from(globals::with_name(&args));
    let matches = matches.map_err(|e| Failure::Ours(usage::worded(&e)))?;
    let (mut path, mut leaf) = (Vec::new(), &matches);
    while let Some((word, inner)) = leaf.subcommand() {
        path.push(word);
        leaf = inner;
    }
    let op = tree::operation(&path).expect("an operation");
    let input = fields::input(op, leaf, Say(Some(Lang::En)))?;
    let ask = Ask::new(op, &input, matches.get_flag("plan"));
    Ok((input, ask))
}

#[test]
fn arguments_become_input() {
    for (line, input) in [
        ("site create --domain a.test --kind static", json!({ "domain": "a.test", "kind": "static" })),
        ("site show a.test", json!({ "domain": "a.test" })),
        ("site show --domain a.test", json!({ "domain": "a.test" })),
        ("--root /x site show --json مثال.إختبار", json!({ "domain": "مثال.إختبار" })),
        ("site list --sort=-domain --limit 5", json!({ "sort": "-domain", "limit": 5 })),
        (
            "site create --domain a.test --kind proxy --upstream http://127.0.0.1:3000 --alias b.test,c.test --alias d.test",
            json!({ "domain": "a.test", "kind": "proxy", "upstream": "http://127.0.0.1:3000", "aliases": ["b.test", "c.test", "d.test"] }),
        ),
        ("site update a.test --websocket", json!({ "domain": "a.test", "websocket": true })),
        (
            "site update a.test --websocket=false --timeout-s 9",
            json!({ "domain": "a.test", "websocket": false, "timeout_s": 9 }),
        ),
        (
            "site update a.test --header X-A:_one,two --header X-B:2",
            json!({ "domain": "a.test", "headers": [{ "name": "X-A", "value": "one,two" }, { "name": "X-B", "value": "2" }] }),
        ),
        ("site update a.test --alias=", json!({ "domain": "a.test", "aliases": [] })),
        (
            "site update a.test --unset timeout-s --unset header",
            json!({ "domain": "a.test", "timeout_s": null, "headers": null }),
        ),
        ("event stream --topic jobs,sites", json!({ "topics": ["jobs", "sites"] })),
    ] {
        let mut sorted = asked(line).unwrap_or_else(|e| panic!("{line}: {e:?}")).0;
        let mut input = input;
        sorted.sort_all_objects();
        input.sort_all_objects();
        assert_eq!(sorted, input, "{line}");
    }
}

#[test]
fn input_becomes_a_request() {
    let (_, ask) = asked("site update مثال.إختبار --new-domain b.test --plan").unwrap();
    assert_eq!(ask.method, ops::Method::Patch);
    assert_eq!(ask.target, "/api/v1/sites/%D9%85%D8%AB%D8%A7%D9%84.%D8%A5%D8%AE%D8%AA%D8%A8%D8%A7%D8%B1?dry_run=true");
    assert_eq!(ask.body, Some(json!({ "new_domain": "b.test" })));
    let (_, ask) = asked("site list --q a&b=c").unwrap();
    assert_eq!((ask.target.as_str(), ask.body), ("/api/v1/sites?q=a%26b%3Dc", None));
    let (_, ask) = asked("site enable a.test").unwrap();
    assert_eq!((ask.target.as_str(), ask.body), ("/api/v1/sites/a.test/enable", None));
}

#[test]
fn every_problem_is_told_at_once_and_named_by_its_flag() {
    let Err(Failure::Ours(error)) = asked("site create --alias bad_name --timeout-s 0") else { panic!("accepted") };
    let mut found: Vec<_> = error.fields().iter().map(|f| format!("{} {}", f.field, f.code)).collect();
    found.sort();
    assert_eq!(
        found,
        ["--alias domain_characters", "--domain required", "--kind required", "--timeout-s out_of_range"]
    );
    assert_eq!(error.kind().exit_code(), 2);
}

#[test]
fn misunderstood_arguments_have_codes_of_their_own() {
    for (line, code) in [
        ("sites list", "cli_unknown_command_near"),
        ("zzz", "cli_unknown_command"),
        ("site lst", "cli_unknown_command_near"),
        ("site list --lmit 5", "cli_unknown_flag_near"),
        ("site list --limit", "cli_missing_value"),
        ("site update a.test --unset upstream", "cli_bad_choice"),
        ("site show a.test --domain b.test", "cli_conflict"),
        ("site list --lang fr", "cli_bad_choice"),
    ] {
        let Err(Failure::Ours(error)) = asked(line) else { panic!("{line} is accepted") };
        assert_eq!((error.code(), error.kind()), (code, Kind::BadInput), "{line}");
    }
}

fn help(lang: Lang, line: &str) -> String {
    let args = words(line);
    let early = globals::Early { lang, ..globals::Early::read(&args) };
    usage::help(&args, &early).expect("help")
}

#[test]
fn help_reads_as_it_should() {
    for (lang, golden) in [
        (Lang::En, include_str!("../../tests/golden/cli/site_create.en.txt")),
        (Lang::Ar, include_str!("../../tests/golden/cli/site_create.ar.txt")),
    ] {
        let text = help(lang, "site create --help");
        if std::env::var_os("MANARA_TEST_BLESS").is_some() {
            let name = format!("tests/golden/cli/site_create.{}.txt", lang.tag());
            std::fs::write(std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join(name), &text).unwrap();
        } else {
            assert_eq!(text, golden, "set MANARA_TEST_BLESS=1 and look at the difference");
        }
    }
}

#[test]
fn every_command_has_texts_in_both_languages() {
    for lang in Lang::ALL {
        assert_eq!(documents::untold(lang), Vec::<String>::new(), "write cli.field.FIELD in {}.toml", lang.tag());
        let mut root = tree::build(&Shape { words: &[], whole: true, say: Say(Some(lang)) });
        root.build();
        walk(&root, &mut |command| {
            let name = command.get_bin_name().unwrap_or_default();
            let about = command.get_about().map(ToString::to_string).unwrap_or_default();
            assert!(about.contains(' '), "{name}: {about:?}");
            let helps = command.get_arguments().filter_map(|a| a.get_help()).map(ToString::to_string);
            assert!(helps.into_iter().all(|h| !h.is_empty() && !h.starts_with("cli.")), "{name}");
        });
    }
}

fn walk(command: &clap::Command, each: &mut dyn FnMut(&clap::Command)) {
    each(command);
    command.get_subcommands().for_each(|inner| walk(inner, each));
}

#[test]
fn the_tree_is_sound() {
    tree::build(&Shape { words: &[], whole: true, say: Say(Some(Lang::En)) }).debug_assert();
}

#[test]
fn exit_codes_are_the_contract() {
    for (status, code) in [
        (400, 2),
        (401, 3),
        (403, 3),
        (404, 4),
        (409, 4),
        (412, 4),
        (413, 2),
        (415, 2),
        (422, 2),
        (429, 3),
        (500, 70),
        (502, 5),
        (503, 5),
    ] {
        assert_eq!(Failure::Refused { status, body: vec![] }.exit_code(), code, "{status}");
    }
    for kind in [
        Kind::BadInput,
        Kind::NotSignedIn,
        Kind::Forbidden,
        Kind::NotFound,
        Kind::Conflict,
        Kind::Stale,
        Kind::TooMany,
        Kind::TooLarge,
        Kind::External,
        Kind::Unavailable,
        Kind::Fault,
    ] {
        let refused = Failure::Refused { status: kind.http_status(), body: vec![] };
        assert_eq!(refused.exit_code(), kind.exit_code(), "{kind:?}: the same on both sides of the socket");
    }
}

fn screen(lang: Lang) -> Screen {
    Screen { lang, json: false, quiet: false }
}

#[test]
fn errors_are_worded_in_both_languages() {
    let ours = Failure::Ours(
        Error::new(Kind::Unavailable, "panel_not_running").with("socket", "/run/x.sock").evidence("a\n\u{1b}[31mb"),
    );
    let english = screen(Lang::En).worded(&ours.problem(Lang::En), &ours);
    assert!(
        english.starts_with("Error: The panel is not running: nobody answers at /run/x.sock.\nStart it with"),
        "{english}"
    );
    assert!(english.ends_with("\n  a\n  \u{fffd}[31mb\n"), "what others print cannot steer the terminal: {english:?}");
    let arabic = screen(Lang::Ar).worded(&ours.problem(Lang::Ar), &ours);
    assert!(arabic.starts_with("خطأ: لوحة التحكم لا تعمل"), "{arabic}");
    let body =
        json!({ "detail": "No.", "hint": "Do it.", "errors": [{ "field": "domain", "code": "x", "detail": "Bad." }] });
    let refused = Failure::Refused { status: 422, body: body.to_string().into_bytes() };
    assert_eq!(screen(Lang::En).worded(&refused.problem(Lang::En), &refused), "Error: No.\n  domain: Bad.\nDo it.\n");
    let unreadable = Failure::Refused { status: 502, body: b"<html>".to_vec() };
    assert!(screen(Lang::En).worded(&unreadable.problem(Lang::En), &unreadable).contains("502"));
}

#[test]
fn lists_are_aligned_by_width() {
    let items = json!({ "items": [
        { "name": "مُثال.إختبار", "kind": "static", "state": "active", "url": "http://a/" },
        { "name": "日本.test", "kind": "proxy", "state": "disabled", "url": "http://b/" },
    ], "next": null, "total": 2 });
    let text = table::text("site.list", &items, &screen(Lang::En));
    assert_eq!(text.lines().count(), 3, "{text}");
    let columns: Vec<_> = text.lines().skip(1).map(|l| table::width(&l[..l.find("http").unwrap()])).collect();
    assert_eq!(columns[0], columns[1], "{text}");
    assert!(table::text("site.list", &items, &screen(Lang::Ar)).contains("وكيل عكسي"));
}

#[test]
fn plans_show_what_changes_and_what_nginx_says() {
    let view = json!({ "changes": [{ "kind": "nginx", "action": "update", "name": "sites/a.conf", "diff": "--- a\n+++ b\n@@ -1 +1 @@\n-x\n+y\n" }],
        "test": { "ok": false, "output": "nginx: [emerg] no" }, "warnings": [{ "code": "w", "text": "Careful." }] });
    let text = plan::text(&view, &screen(Lang::En), true);
    assert_eq!(
        text,
        "Changed: sites/a.conf\n  @@ -1 +1 @@\n  -x\n  +y\nNote: Careful.\nnginx refuses this configuration:\n  nginx: [emerg] no\n"
    );
    assert_eq!(plan::exit_code(&view), 1);
    let long = json!({ "changes": [{ "action": "create", "name": "f", "diff": "+x\n".repeat(30) }] });
    assert!(plan::text(&long, &screen(Lang::En), false).ends_with("… 6 more lines; --plan shows them all\n"));
    assert_eq!(plan::text(&long, &screen(Lang::En), true).lines().count(), 31);
    assert_eq!(plan::text(&json!({ "changes": [] }), &screen(Lang::En), true), "Nothing would change.\n");
}
