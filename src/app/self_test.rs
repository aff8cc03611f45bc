//! `self-test`: every part that a broken or badly linked build could lack, tried without touching the machine.

use crate::base::locale::{self, Lang};
use crate::base::names::Domain;
use crate::cli::SelfCheck;
use crate::store;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection};
use std::sync::Arc;

type Tried = Result<(), Box<dyn std::error::Error>>;
type Check = (&'static str, fn() -> Tried);

/// Tries every part.
pub fn run() -> Vec<SelfCheck> {
    let checks: [Check; 6] =
        [("sqlite", sqlite), ("lua", lua), ("tls", tls), ("zstd", compression), ("names", names), ("texts", texts)];
    checks.map(|(name, check)| SelfCheck { name, problem: check().err().map(|e| e.to_string()) }).into()
}

fn expect(is: bool, what: &str) -> Tried {
    if is { Ok(()) } else { Err(what.into()) }
}

fn sqlite() -> Tried {
    Ok(store::self_test()?)
}

fn lua() -> Tried {
    let answer: String = mlua::Lua::new().load("return ('manara'):rep(2, '-') .. (1 << 40)").eval()?;
    expect(answer == "manara-manara1099511627776", &answer)
}

fn compression() -> Tried {
    let text = b"manara ".repeat(1000);
    let packed = zstd::encode_all(text.as_slice(), 3)?;
    expect(packed.len() < 200 && zstd::decode_all(packed.as_slice())? == text, "what was packed is not unpacked")
}

fn names() -> Tried {
    let domain: Domain = "مثال.إختبار".parse().map_err(|e| format!("{e:?}"))?;
    expect(domain.ascii() == "xn--mgbh0fb.xn--kgbechtv", domain.ascii())
}

fn texts() -> Tried {
    let missing = Lang::ALL.into_iter().find(|lang| locale::find::<&str>(*lang, "cli.about", &[]).is_none());
    expect(missing.is_none(), "the catalogue of texts is empty")
}

/// A whole TLS handshake in memory, and a message each way.
fn tls() -> Tried {
    let pair = rcgen::generate_simple_self_signed(vec!["self-test.invalid".to_owned()])?;
    let certificate: CertificateDer<'static> = pair.cert.der().clone();
    let key = PrivateKeyDer::try_from(pair.signing_key.serialize_der())?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions()?;
    let server = server.with_no_client_auth().with_single_cert(vec![certificate.clone()], key)?;
    let mut roots = RootCertStore::empty();
    roots.add(certificate)?;
    let client = ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
    let client = client.with_root_certificates(roots).with_no_client_auth();
    let name = ServerName::try_from("self-test.invalid")?;
    let mut client = ClientConnection::new(Arc::new(client), name)?;
    let mut server = ServerConnection::new(Arc::new(server))?;
    std::io::Write::write_all(&mut client.writer(), b"light")?;
    for _ in 0..8 {
        carry(&mut client, &mut server)?;
        carry(&mut server, &mut client)?;
    }
    let mut heard = [0; 5];
    std::io::Read::read_exact(&mut server.reader(), &mut heard)?;
    expect(&heard == b"light" && !client.is_handshaking(), "the message did not arrive")
}

/// Hands what one side wants to send to the other.
fn carry<A, B>(
    from: &mut rustls::ConnectionCommon<A>,
    to: &mut rustls::ConnectionCommon<B>,
) -> Result<(), Box<dyn std::error::Error>> {
    let mut wire = Vec::new();
    while from.wants_write() {
        from.write_tls(&mut wire)?;
    }
    let mut wire = wire.as_slice();
    while !wire.is_empty() {
        to.read_tls(&mut wire)?;
        to.process_new_packets()?;
    }
    Ok(())
}
