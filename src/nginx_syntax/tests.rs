//! Unit tests of the tree, the parser, the printer and the walk.

use serde::Deserialize;

use super::*;

fn tree(text: &str) -> Vec<Directive> {
    parse(text.as_bytes()).expect("the text parses")
}

fn printed(text: &str) -> String {
    print(&tree(text)).expect("the tree prints")
}

fn args(text: &str) -> Vec<String> {
    tree(text).remove(0).args
}

fn fault(text: &str) -> (u32, u32, SyntaxProblem) {
    let error = parse(text.as_bytes()).expect_err("the text is refused");
    (error.line, error.column, error.problem)
}

fn refusal(tree: &[Directive]) -> PrintError {
    print(tree).expect_err("the tree is refused")
}

#[test]
fn words_mean_the_same_in_every_spelling() {
    for text in [r"a \.php$;", r#"a "\.php$";"#, r"a '\\.php$';", r#""a" \\.php$ ;"#] {
        assert_eq!(tree(text), [dir("a", &[r"\.php$"])], "{text}");
    }
    assert_eq!(args(r#"a "x\"y\'z\\\t\r\n\q";"#), ["x\"y'z\\\t\r\n\\q"]);
    assert_eq!(args(r"a b\;c\ d\{e;"), [r"b\;c\ d\{e"]);
    assert_eq!(args("a ${b}c $d{ }"), ["${b}c", "$d"]);
    assert_eq!(args("a b#c d}e f\"g h'i;"), ["b#c", "d}e", "f\"g", "h'i"]);
    assert_eq!(args("a '' \"\" \"{;}#\n\";"), ["", "", "{;}#\n"]);
    assert_eq!(args("if ($a = \"b c\") { }"), ["($a", "=", "b c", ")"]);
}

#[test]
fn positions_are_kept_but_are_no_part_of_the_tree() {
    let found = tree("a;\n\n  é b; c;");
    assert_eq!((found[1].origin.line, found[1].origin.column, found[1].origin.gap), (3, 3, true));
    assert_eq!((found[2].origin.line, found[2].origin.column, found[2].origin.gap), (3, 8, false));
    assert_eq!(found, [dir("a", &[]), dir("é", &["b"]), dir("c", &[])]);
}

#[test]
fn faults_are_told_with_their_place() {
    use SyntaxProblem as P;
    let cases = [
        ("a;\n}", (2, 1, P::UnexpectedClose)),
        ("a { b }", (1, 7, P::MissingSemicolon("b".into()))),
        ("a b\n", (2, 1, P::MissingSemicolon("a".into()))),
        ("a b # c", (1, 8, P::MissingSemicolon("a".into()))),
        ("a {\nb {\n}\n", (4, 1, P::UnclosedBlock { name: "a".into(), opened: 1 })),
        ("a;;", (1, 3, P::NothingBefore(';'))),
        ("{", (1, 1, P::NothingBefore('{'))),
        ("a \"b;\n", (1, 3, P::UnterminatedQuote('"'))),
        ("a 'b\\';", (1, 3, P::UnterminatedQuote('\''))),
        ("a 'b'c;", (1, 6, P::AfterQuote('c'))),
        ("a \"b\"};", (1, 6, P::AfterQuote('}'))),
        ("a\0;", (1, 2, P::Nul)),
        ("x_by_lua_block;", (1, 15, P::LuaBlockExpected)),
        ("x_by_lua_block { '}'", (1, 16, P::UnterminatedLua)),
        ("a;\n'#';", (2, 1, P::LoneHash)),
    ];
    for (text, expected) in cases {
        assert_eq!(fault(text), expected, "{text:?}");
    }
    let error = parse("a;\né \u{ff}".as_bytes().strip_suffix(&[0xbf]).expect("cut")).expect_err("half a character");
    assert_eq!((error.line, error.column, error.problem), (2, 3, P::NotUtf8));
}

#[test]
fn limits_hold_on_both_sides() {
    let nested = |depth: usize| format!("{}{}", "a{".repeat(depth), "}".repeat(depth));
    assert_eq!(parse(print(&tree(&nested(MAX_DEPTH))).expect("prints").as_bytes()), Ok(tree(&nested(MAX_DEPTH))));
    assert_eq!(fault(&nested(MAX_DEPTH + 1)).2, SyntaxProblem::TooDeep);
    assert_eq!(fault(&"a{".repeat(100_000)).2, SyntaxProblem::TooDeep);
    let deeper = block("a", &[], tree(&nested(MAX_DEPTH)));
    assert_eq!(refusal(&[deeper]).problem, PrintProblem::TooDeep);

    let longest = "x".repeat(MAX_WORD);
    assert_eq!(args(&format!("a {longest} '{longest}';")), [longest.clone(), longest.clone()]);
    assert_eq!(fault(&format!("a {longest}x;")).2, SyntaxProblem::WordTooLong);
    assert_eq!(fault(&format!("a '{longest}x';")).2, SyntaxProblem::WordTooLong);
    assert_eq!(fault(&format!("#{longest}")).2, SyntaxProblem::WordTooLong);
    assert_eq!(refusal(&[dir("a", &[&format!("{longest}x")])]).problem, PrintProblem::WordTooLong);
    assert_eq!(refusal(&[comment(&longest)]).problem, PrintProblem::WordTooLong);

    let line = format!("a {longest};\n");
    let large = line.repeat(MAX_BYTES / line.len() + 1);
    assert_eq!(fault(&large).2, SyntaxProblem::TooLarge);
    let many = vec![dir("a", &[&longest]); MAX_BYTES / MAX_WORD + 1];
    assert_eq!(refusal(&many), PrintError { path: vec![], problem: PrintProblem::TooLarge });
}

#[test]
fn the_printer_quotes_what_needs_quotes_and_nothing_else() {
    let cases = [
        ("/a/b-c_d.e:80", "/a/b-c_d.e:80"),
        ("[::]:80", "[::]:80"),
        (r"\.php$", r"\.php$"),
        (r"^/\d{3}$", r#""^/\d{3}$""#),
        ("${scheme}://$host", "${scheme}://$host"),
        ("", r#""""#),
        ("a b", r#""a b""#),
        ("a;}", r#""a;}""#),
        ("#", r##""#""##),
        ("say \"hi\"", "'say \"hi\"'"),
        ("it's", r#""it's""#),
        ("\"'", r#""\"'""#),
        ("end\\", r"end\\"),
        ("a\\nb", r"a\\nb"),
        ("a\nb\t\r", r#""a\nb\t\r""#),
        ("a\\\nb", r#""a\\\nb""#),
        ("\\${", "\"\\${\""),
        ("منارة", "\"منارة\""),
    ];
    for (word, expected) in cases {
        assert_eq!(print(&[dir("a", &[word])]), Ok(format!("a {expected};\n")), "{word:?}");
        assert_eq!(args(&format!("a {expected};")), [word]);
    }
}

#[test]
fn no_value_can_become_configuration() {
    let evil = "x\"; } server { listen 80; # ' \\";
    for tree in [vec![dir(evil, &[evil, evil])], vec![block(evil, &[evil], vec![dir("a", &[evil])])]] {
        assert_eq!(parse(print(&tree).expect("prints").as_bytes()), Ok(tree));
    }
    assert_eq!(refusal(&[comment("a\nlisten 80;")]).problem, PrintProblem::CommentBreaksLine);
    let nul = refusal(&[block("http", &[], vec![dir("root", &["/a\0b"])])]);
    assert_eq!(nul, PrintError { path: vec!["http".into(), "root".into()], problem: PrintProblem::Nul });
    assert_eq!(nul.to_string(), "\"http > root\": nginx cannot read a NUL byte");
}

#[test]
fn a_tree_prints_as_a_human_would_write_it() {
    let tree = [
        comment("Made by hand."),
        dir("user", &["www-data"]).with_gap(),
        block(
            "http",
            &[],
            vec![
                dir("gzip", &["on"]),
                comment("The only server."),
                block("server", &[], vec![dir("listen", &["80"]), block("location", &["/"], vec![])]),
                dir("tcp_nopush", &["on"]),
            ],
        ),
    ];
    let text = "# Made by hand.

user www-data;

http {
    gzip on;

    # The only server.
    server {
        listen 80;

        location / {}
    }

    tcp_nopush on;
}
";
    assert_eq!(print(&tree).as_deref(), Ok(text));
    assert_eq!(printed(text), text);
}

#[test]
fn comments_stay_where_they_were() {
    let text = "# first\na; # behind\n\nb { # brace\n    # inside\n    c;\n} # after\n";
    assert_eq!(printed(text), text);
    assert_eq!(printed("a # one\n b # two\n;"), "# one\n# two\na b;\n");
    assert_eq!(printed("a; #x\r\n#y\r\n"), "a; #x\n#y\n");
    assert_eq!(print(&[comment(""), comment(" a ")]).as_deref(), Ok("#\n# a\n"));
}

#[test]
fn an_empty_operand_of_if_keeps_its_bracket() {
    assert_eq!(printed("if ($a = '') { b; }"), "if ($a = \"\") {\n    b;\n}\n");
}

#[test]
fn lua_stays_untouched() {
    let text = "content_by_lua_block {\n  -- }\n\tsay('}', \"\\\"}\", [[}]], [=[ ]] } ]=], {1, {2}}) --[[ } ]]\n}\n";
    assert_eq!(printed(text), text);
    assert_eq!(tree("set_by_lua_block $x { return 1 }"), [dir("set_by_lua_block", &["$x", " return 1 "])]);
    for body in ["'", "\"\n", "'\\\n'", "--[=\n"] {
        let odd = [dir("content_by_lua_block", &[body])];
        assert_eq!(parse(print(&odd).expect("prints").as_bytes()).as_deref(), Ok(&odd[..]), "{body}");
    }
    for body in ["}", "{", "'}'}", "'\n}'", "[[", "--[[", "-- no end of line"] {
        let bad = dir("content_by_lua_block", &[body]);
        assert_eq!(refusal(&[bad]).problem, PrintProblem::BadLuaBlock, "{body}");
    }
    assert_eq!(refusal(&[dir("x_by_lua_block", &[])]).problem, PrintProblem::BadLuaBlock);
    assert_eq!(refusal(&[block("x_by_lua_block", &["a"], vec![])]).problem, PrintProblem::BadLuaBlock);
    assert_eq!(
        printed("x_by_lua_block { ' }\ny_by_lua_block {} # '"),
        "x_by_lua_block { ' }\n\ny_by_lua_block {}\n\n# '\n"
    );
    let key = [block("map", &["$a", "$b"], vec![dir("x_by_lua_block", &["1"])])];
    assert_eq!(print(&key).as_deref(), Ok("map $a $b {\n    x_by_lua_block 1;\n}\n"));
}

#[test]
fn the_serialised_form_is_name_args_block() {
    let found = tree("# c\nserver a {\n  listen 80;\n  x {}\n}");
    let json = serde_json::to_string(&found).expect("serialises");
    let expected = r##"[{"name":"# c","args":[]},{"name":"server","args":["a"],"block":[{"name":"listen","args":["80"]},{"name":"x","args":[],"block":[]}]}]"##;
    assert_eq!(json, expected);
    assert_eq!(serde_json::from_str::<Vec<Directive>>(&json).expect("deserialises"), found);
    assert_eq!(serde_json::from_str::<Directive>(r#"{"name":"internal"}"#).expect("no args"), dir("internal", &[]));
    for bad in [r#"{"args":[]}"#, r#"{"name":"a","args":[],"origin":{}}"#, r#"{"name":"a","args":[1]}"#] {
        assert!(serde_json::from_str::<Directive>(bad).is_err(), "{bad}");
    }
}

#[test]
fn the_deepest_tree_survives_json() {
    let deepest = (0..MAX_DEPTH).fold(dir("a", &[]), |inner, _| block("a", &[], vec![inner]));
    let json = format!("{}{}{}", "[".repeat(60), serde_json::to_string(&deepest).expect("serialises"), "]".repeat(60));
    let value: serde_json::Value = serde_json::from_str(&json).expect("within the depth serde_json allows");
    let inner = (0..60).fold(&value, |value, _| &value[0]);
    assert_eq!(Directive::deserialize(inner).expect("deserialises"), deepest);
}

#[test]
fn the_walk_tells_where_a_directive_stands() {
    let found = tree("http { # c\n map $a $b { include x; } server { \"location\" / { root /; } } }");
    let mut seen = Vec::new();
    walk(&found, |path, directive| {
        seen.push(format!("{}/{}", path.join("/"), directive.name));
        if directive.name == "root" { Err(path.len()) } else { Ok(()) }
    })
    .expect_err("the walk ends at the error");
    let expected =
        ["/http", "http/map", "http/map/include", "http/server", "http/server/location", "http/server/location/root"];
    assert_eq!(seen, expected);
    assert!(holds_entries("map") && !holds_entries("server"));
}

/// Each would take minutes if some part of the line were read again for every token.
#[test]
fn long_lines_are_read_once() {
    let lua = format!("x_by_lua_block {{'{}\n}}", "\\'".repeat(1_000_000));
    assert_eq!(tree(&lua).len(), 1);
    assert_eq!(tree(&"a;".repeat(1_000_000)).len(), 1_000_000);
    assert_eq!(tree(&format!("a{};", " é".repeat(1_000_000)))[0].args.len(), 1_000_000);
    let comments = "#\n".repeat(1_000_000);
    assert_eq!(printed(&comments), comments);
    assert_eq!(printed(&"a;#\n".repeat(200_000)).len(), 200_000 * 5);
}
