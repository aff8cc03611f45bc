//! nginx itself reads back what the parser and the printer claim.

use manara::nginx_syntax::{Directive, MAX_WORD, block, dir, parse, print};

use super::generate::{PIECES, word};
use super::server::{Nginx, test};
use crate::support::rng::Rng;

/// Words a map gives a meaning of its own, whatever their quotes.
fn is_map_special(word: &str) -> bool {
    word.starts_with(['~', '\\']) || ["default", "hostnames", "volatile", "include"].contains(&word)
}

fn words() -> Vec<String> {
    let mut rng = Rng::new(2);
    let mut words: Vec<String> = PIECES.iter().map(|piece| (*piece).to_owned()).collect();
    words.extend(PIECES.iter().map(|piece| format!("a{piece}")));
    words.extend(PIECES.iter().map(|piece| format!("{piece}a\\")));
    words.extend((0..400).map(|_| word(&mut rng, 10)));
    words.extend((1..0x80u8).map(|byte| format!("\\{}", char::from(byte))));
    words.push("x".repeat(MAX_WORD));
    words.push(" ".repeat(MAX_WORD));
    words.push("\n".repeat(MAX_WORD));
    words.push("\"".repeat(MAX_WORD));
    words.push(format!("{}'", "\"".repeat(MAX_WORD - 2)));
    words.push(format!("{}\"'{}", "'".repeat(2000), "\"".repeat(2000)));
    words.push(format!("${{{}}}", "$".repeat(1000)));
    words
}

/// One word as the value of a `geo` (no interpolation), as an interpolated argument, and as the key of a map.
fn probes(index: usize, word: &str) -> Option<(Vec<Directive>, Vec<Directive>)> {
    let (geo, map) = (format!("$w{index}"), format!("$m{index}"));
    let mut outer = vec![block("geo", &[&geo], vec![dir("default", &[word])])];
    let mut inner = vec![block("location", &["=", &format!("/value/{index}")], vec![dir("return", &["200", &geo])])];
    let interpolated = word.replace('$', "${dollar}");
    let answer = dir("return", &["200", &interpolated]);
    if print(std::slice::from_ref(&answer)).is_ok() {
        inner.push(block("location", &["=", &format!("/text/{index}")], vec![answer]));
    }
    let key = if is_map_special(word) { "hit-anyway" } else { word };
    outer.push(block("map", &[&geo, &map], vec![dir(key, &["hit"]), dir("default", &["miss"])]));
    inner.push(block("location", &["=", &format!("/key/{index}")], vec![dir("return", &["200", &map])]));
    print(&outer).is_ok().then_some((outer, inner))
}

#[test]
fn nginx_reads_every_printed_word_byte_for_byte() {
    let words = words();
    let mut tree = vec![block("geo", &["$dollar"], vec![dir("default", &["$"])])];
    let mut server = vec![dir("listen", &["unix:probe.sock"])];
    for (index, word) in words.iter().enumerate() {
        let (outer, inner) = probes(index, word).unwrap_or_else(|| panic!("refused: {word:?}"));
        tree.extend(outer);
        server.extend(inner);
    }
    tree.push(block("server", &[], server));
    let text = print(&tree).expect("the printer accepts them all");
    assert_eq!(parse(text.as_bytes()).as_deref(), Ok(&*tree));

    let nginx = Nginx::start(&text);
    let mut interpolated = 0;
    for (index, word) in words.iter().enumerate() {
        let value = nginx.get(&format!("/value/{index}"));
        assert_eq!(String::from_utf8_lossy(&value), *word, "geo value {index}");
        if text.contains(&format!("/text/{index} ")) {
            assert_eq!(String::from_utf8_lossy(&nginx.get(&format!("/text/{index}"))), *word, "return {index}");
            interpolated += 1;
        }
        let expected = if is_map_special(word) { "miss" } else { "hit" };
        assert_eq!(String::from_utf8_lossy(&nginx.get(&format!("/key/{index}"))), expected, "key {word:?}");
    }
    assert!(interpolated > 600, "only {interpolated} of {} words were tried in `return`", words.len());
}

/// Raw text as somebody could have typed it, not as the printer would.
fn raw(rng: &mut Rng) -> String {
    let quote = rng.pick(&["", "", "\"", "'"]);
    format!("{quote}{}{quote}", word(rng, 7))
}

/// The argument our parser finds in the raw text, if it is one argument and nothing else.
fn single_argument(raw: &str) -> Result<Option<String>, ()> {
    let tree = parse(format!("geo $w {{ default {raw} ; }}").as_bytes()).map_err(drop)?;
    let [Directive { name, args, block: Some(entries), .. }] = &*tree else {
        return Ok(None);
    };
    let [Directive { name: entry, args: value, block: None, .. }] = &**entries else {
        return Ok(None);
    };
    let single = name == "geo" && args.len() == 1 && entry == "default" && value.len() == 1;
    Ok(single.then(|| value[0].clone()))
}

#[test]
fn nginx_and_the_parser_read_the_same_out_of_raw_text() {
    let mut rng = Rng::new(41);
    let (mut accepted, mut refused) = (Vec::new(), Vec::new());
    while accepted.len() < 500 || refused.len() < 60 {
        let raw = raw(&mut rng);
        match single_argument(&raw) {
            Ok(Some(value)) => accepted.push((raw, value)),
            Ok(None) => {}
            Err(()) => refused.push(raw),
        }
    }
    let mut text = String::new();
    let mut server = vec![dir("listen", &["unix:probe.sock"])];
    for (index, (raw, _)) in accepted.iter().enumerate() {
        text.push_str(&format!("geo $w{index} {{ default {raw} ; }}\n"));
        let place = format!("/{index}");
        server.push(block("location", &["=", &place], vec![dir("return", &["200", &format!("$w{index}")])]));
    }
    text.push_str(&print(&[block("server", &[], server)]).expect("plain words"));
    let nginx = Nginx::start(&text);
    for (index, (raw, value)) in accepted.iter().enumerate() {
        assert_eq!(String::from_utf8_lossy(&nginx.get(&format!("/{index}"))), *value, "raw text {raw:?}");
    }
    for raw in refused.iter().take(60) {
        let text = format!("geo $w {{ default {raw} ; }}\n");
        assert!(!test(&text).status.success(), "nginx accepts what the parser refuses: {raw:?}");
    }
}

#[test]
fn our_limits_are_within_those_of_nginx() {
    let longest = "x".repeat(MAX_WORD);
    for tail in [";", " ;", "\n;", " # c\n;"] {
        for quote in ["", "\"", "'"] {
            for shift in [0, 1, 2, 3, 4000] {
                let pad = " ".repeat(shift);
                let text = format!("{pad}#{}\n{pad}geo $w {{ default {quote}{longest}{quote}{tail} }}", &longest[1..]);
                assert!(parse(text.as_bytes()).is_ok());
                let output = test(&text);
                assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            }
        }
    }
    assert!(!test(&format!("geo $w {{ default \"{longest}x\" ; }}")).status.success());
}

#[test]
fn a_printed_file_answers_like_the_original() {
    let original = include_str!("../../golden/nginx_corpus/quoting.conf");
    let tree = parse(original.as_bytes()).expect("the file parses");
    let (before, after) = (Nginx::start(original), Nginx::start(&print(&tree).expect("the tree prints")));
    let mut probed = 0;
    manara::nginx_syntax::walk(&tree, |_, directive| {
        if directive.name == "location" && directive.args[0] == "=" {
            let path = &directive.args[1];
            assert_eq!(before.get(path), after.get(path), "{path}");
            probed += 1;
        }
        Ok::<(), ()>(())
    })
    .expect("the walk ends");
    assert_eq!(probed, 11);
}
