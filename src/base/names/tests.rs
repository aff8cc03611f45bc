use super::*;

fn domain(text: &str) -> Result<String, &'static str> {
    text.parse::<Domain>().map(|d| d.ascii().to_owned()).map_err(|e| e.code)
}

#[test]
fn domains_are_stored_in_ascii_and_shown_in_unicode() {
    assert_eq!(domain("Example.COM."), Ok("example.com".into()));
    let arabic: Domain = "مثال.إختبار".parse().unwrap();
    assert_eq!(arabic.ascii(), "xn--mgbh0fb.xn--kgbechtv");
    assert_eq!(arabic.unicode(), "مثال.إختبار");
    assert_eq!(arabic.ascii().parse::<Domain>().unwrap(), arabic);
}

#[test]
fn hostile_domains_are_refused() {
    for text in [
        "",
        ".",
        "localhost",
        "a..b",
        "-a.test",
        "a-.test",
        "a b.test",
        "a\n.test",
        "a\0.test",
        "a;b.test",
        "a{b}.test",
        "$a.test",
        "a\"b.test",
        "../etc.test",
        "a/b.test",
        "http://a.test",
        "1.2.3.4",
        "a.1",
        "[::1]",
        "a_b.test",
        "*.a.test",
        "xn--a.test",
        "xn--mgba3gch31f060k.test",
        "a\u{202E}b.test",
        "a\u{200B}b.test",
        "a#b.test",
    ] {
        assert!(domain(text).is_err(), "{text:?} was accepted as {:?}", domain(text));
    }
    assert!(domain(&format!("{}.test", "a".repeat(64))).is_err());
    assert!(domain(&vec!["a"; 200].join(".")).is_err());
}

#[test]
fn upstreams_are_addresses_with_a_scheme() {
    let shown = |text: &str| text.parse::<Upstream>().map(|u| u.to_string()).map_err(|e| e.code);
    assert_eq!(shown("http://127.0.0.1:3000"), Ok("http://127.0.0.1:3000".into()));
    assert_eq!(shown("http://localhost:3000/"), Ok("http://127.0.0.1:3000".into()));
    assert_eq!(shown("https://[fd12::1]"), Ok("https://[fd12::1]:443".into()));
    assert_eq!(shown("127.0.0.1:3000"), Err("upstream_scheme"));
    assert_eq!(shown("http://169.254.169.254"), Err("upstream_refused"));
    assert_eq!(shown("http://[::ffff:169.254.169.254]"), Err("upstream_refused"));
    assert_eq!(shown("http://127.0.0.1:3000/x;y"), Err("upstream_path"));
    assert_eq!(shown("http://127.0.0.1:0"), Err("port"));
    assert_eq!(shown("http://127.0.0.1:99999"), Err("port"));
    assert_eq!(shown("http://user@127.0.0.1"), Err("upstream_host"));
}

#[test]
fn networks_match_their_addresses() {
    let net: Network = "10.1.0.0/16".parse().unwrap();
    assert!(net.contains("10.1.2.3".parse().unwrap()));
    assert!(net.contains("::ffff:10.1.2.3".parse().unwrap()));
    assert!(!net.contains("10.2.0.1".parse().unwrap()));
    let all: Network = "::/0".parse().unwrap();
    assert!(all.contains("2001:db8::1".parse().unwrap()) && !all.contains("10.0.0.1".parse().unwrap()));
    for text in ["10.0.0.0/33", "10.0.0.0/", "10.0.0.0/+8", "10.0.0/8", "::/129", "x"] {
        assert!(text.parse::<Network>().is_err(), "{text}");
    }
}

#[test]
fn paths_stay_below_their_folder() {
    assert!("a/b.txt".parse::<RelPath>().is_ok());
    for text in ["", "/a", "a//b", "../a", "a/../b", "a/.", "a\0b", "a\nb"] {
        assert!(text.parse::<RelPath>().is_err(), "{text:?}");
    }
}

#[test]
fn headers_cannot_carry_directives_or_framing() {
    for text in ["Host", "Content-Length", "X Y", "X:Y", "", "X\r\nY"] {
        assert!(text.parse::<HeaderName>().is_err(), "{text:?}");
    }
    for text in ["a\r\nb", "$http_cookie", "é", "a\0"] {
        assert!(text.parse::<HeaderValue>().is_err(), "{text:?}");
    }
    assert!("quotes \" ; {} # are fine".parse::<HeaderValue>().is_ok());
}

#[test]
fn every_format_has_a_check() {
    assert!(check_format("domain", "bad domain").is_some());
    assert!(check_format("unheard-of", "anything").is_none());
    assert_eq!(check_format("user-name", &"a".repeat(33)).unwrap().code, "too_long");
}

#[test]
fn a_site_with_the_longest_domain_can_be_named() {
    let domain = [vec!["a".repeat(63); 3].join("."), "b".repeat(61)].join(".");
    assert_eq!(domain.parse::<Domain>().unwrap().ascii().len(), 253);
    assert!(domain.parse::<SiteName>().is_ok());
    assert!("مثال.إختبار".parse::<SiteName>().is_ok());
    for text in ["", " ", "a\u{202e}b", "a\nb"] {
        assert!(text.parse::<SiteName>().is_err(), "{text:?}");
    }
}
